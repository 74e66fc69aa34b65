import assert from "node:assert";
import { mock, test } from "node:test";

import { insisting, Latest, PATIENCE } from "../src/latest";

/** Questions that are answered when the test says so. */
function asker(delay = 80) {
  const open: { question: string; resolve(answer: string): void; reject(error: Error): void }[] = [];
  const told: string[] = [];
  const busy: boolean[] = [];
  const latest = new Latest<string, string>({
    ask: question => new Promise((resolve, reject) => open.push({ question, resolve, reject })),
    answered: (answer, question) => told.push(`${question}: ${answer}`),
    failed: (error, question) => told.push(`${question}! ${error.message}`),
    busy: on => busy.push(on),
  }, () => delay);
  return { latest, open, told, busy };
}

const settle = async () => { for (let k = 0; k < 5; k++) await Promise.resolve(); };

test("of what is typed, the last text is asked, after a pause", async t => {
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  t.after(() => mock.timers.reset());
  const { latest, open, told, busy } = asker();
  for (const text of ["a", "ab", "abc"]) {
    latest.want(() => text);
    mock.timers.tick(50);
  }
  assert.equal(open.length, 0);
  mock.timers.tick(30);
  assert.deepEqual(open.map(({ question }) => question), ["abc"]);
  open[0].resolve("1");
  await settle();
  assert.deepEqual(told, ["abc: 1"]);
  assert.deepEqual(busy, [true, false]);
});

test("one question is open at a time, and an answer that is no longer wanted is dropped", async t => {
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  t.after(() => mock.timers.reset());
  const { latest, open, told } = asker();
  latest.want(() => "a", 0);
  mock.timers.tick(0);
  for (const text of ["b", "c"]) {
    latest.want(() => text);
    mock.timers.tick(100);
  }
  assert.equal(open.length, 1);
  open[0].resolve("old");
  await settle();
  assert.deepEqual(open.map(({ question }) => question), ["a", "c"]);
  open[1].reject(new Error("no"));
  await settle();
  assert.deepEqual(told, ["c! no"]);
});

test("an answer that does not come blocks nothing", async t => {
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  t.after(() => mock.timers.reset());
  const { latest, open, told } = asker();
  latest.want(() => "a", 0);
  mock.timers.tick(0);
  latest.want(() => "b");
  mock.timers.tick(PATIENCE);
  assert.equal(open.length, 2);
  open[1].resolve("new");
  await settle();
  open[0].resolve("late");
  await settle();
  assert.deepEqual(told, ["b: new"]);
});

test("a question is put into words when it is asked, and may have become none", async t => {
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  t.after(() => mock.timers.reset());
  const { latest, open, busy } = asker();
  let text: string | null = "a";
  latest.want(() => text);
  text = "b";
  mock.timers.tick(80);
  assert.equal(open[0].question, "b");
  latest.want(() => null);
  mock.timers.tick(80);
  open[0].resolve("1");
  await settle();
  assert.equal(open.length, 1);
  assert.deepEqual(busy, [true, false]);
});

test("what is dropped is neither asked nor told", async t => {
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  t.after(() => mock.timers.reset());
  const { latest, open, told, busy } = asker();
  latest.want(() => "a");
  latest.drop();
  mock.timers.tick(1000);
  assert.equal(open.length, 0);
  latest.want(() => "b", 0);
  mock.timers.tick(0);
  latest.drop();
  open[0].resolve("1");
  await settle();
  assert.deepEqual([told, busy], [[], [true, false, true, false]]);
  latest.want(() => "c", 0);
  mock.timers.tick(0);
  assert.equal(open.length, 2);
});

test("what the kernel gave up is asked again while it is wanted", async t => {
  mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => mock.timers.reset());
  const replies = [new Error("Stopped: the analysis was stopped"), "answer", new Error("Stopped: the analysis was stopped"), new Error("ValueError: no")];
  let asked = 0;
  const ask = async () => {
    const reply = replies[asked++];
    if (reply instanceof Error) throw reply;
    return reply;
  };
  const first = insisting(ask, () => true);
  await settle();
  assert.equal(asked, 1);
  mock.timers.tick(250);
  assert.equal(await first, "answer");
  const second = insisting(ask, () => false);
  const third = assert.rejects(second, /^Error: Stopped/);
  await settle();
  mock.timers.tick(250);
  await third;
  await assert.rejects(insisting(ask, () => true), /no/);
  assert.equal(asked, 4);
});
