import assert from "node:assert";
import { test } from "node:test";

import { Line, Lines } from "../src/kernels";
import { FakeKernel } from "./fakes/kernel";

const settle = async () => { for (let k = 0; k < 30; k++) await Promise.resolve(); };
const lineTo = (kernel: FakeKernel) => new Line(kernel as never);
const QUESTION = { what: "view", key: "k", view: "cost" } as const;

/** A kernel, its line, and the states that the line went through. */
async function connected(prepare: (kernel: FakeKernel) => void = () => {}) {
  const kernel = new FakeKernel();
  prepare(kernel);
  const line = lineTo(kernel);
  const states: string[] = [line.state];
  line.changed.connect((_, state) => states.push(state));
  await settle();
  return { kernel, line, states };
}

test("a kernel without the extension says so, and loads it when it is told to", async () => {
  const { kernel, line, states } = await connected();
  await line.load();
  await settle();
  assert.deepEqual(states, ["asking", "unloaded", "loading", "ready"]);
  assert.deepEqual(kernel.executed, ["%load_ext workbench"]);
  assert.deepEqual(await line.ask(QUESTION), { of: QUESTION });
});

test("loading that fails says why", async () => {
  const { line } = await connected(kernel => { kernel.failure = { ename: "ModuleNotFoundError", evalue: "No module" }; });
  await line.load();
  assert.deepEqual([line.state, line.refusal], ["unloaded", "ModuleNotFoundError: No module"]);
});

test("an extension whose comm nobody took is loaded anew", async () => {
  const { kernel, line } = await connected(kernel => { kernel.isLoaded = true; });
  await line.load();
  await settle();
  assert.equal(line.state, "ready");
  assert.match(kernel.executed.at(-1)!, /^%unload_ext workbench\n%load_ext/);
});

test("a cell that loads or unloads the extension connects and disconnects", async () => {
  const { kernel, line, states } = await connected();
  kernel.opens("a");
  await settle();
  kernel.comms = [];
  kernel.open.get("a")!.onClose();
  assert.deepEqual(states, ["asking", "unloaded", "ready", "unloaded"]);
  await assert.rejects(line.ask(QUESTION), /not connected/);
});

test("a page that was reloaded finds the comm again", async () => {
  const { kernel, line } = await connected(kernel => { kernel.comms = ["old"]; });
  assert.equal(line.state, "ready");
  assert.ok(kernel.open.has("old"));
});

test("nothing is asked before the comm has its subshell: it would wait for the cell that runs", async () => {
  let start = () => {};
  const { kernel, line } = await connected();
  const create = kernel.createComm.bind(kernel);
  kernel.createComm = (target, id) => {
    const comm = create(target, id);
    comm.subshellStarted = new Promise(resolve => { start = resolve; });
    return comm;
  };
  kernel.opens();
  await settle();
  assert.equal(line.state, "unloaded");
  start();
  await settle();
  assert.equal(line.state, "ready");
});

for (const status of ["restarting", "autorestarting"]) {
  test(`${status}: what is open is answered with an error, and the kernel is looked at anew`, async () => {
    const { kernel, line, states } = await connected(kernel => { kernel.comms = ["a"]; });
    kernel.answer = () => new Promise(() => {});
    const open = line.ask(QUESTION);
    kernel.restarts(status);
    await assert.rejects(open, /restarted/);
    kernel.becomes("idle");
    await settle();
    assert.deepEqual(states, ["asking", "ready", "restarting", "asking", "unloaded"]);
  });
}

test("errors of the kernel are errors here", async () => {
  const { kernel, line } = await connected(kernel => { kernel.comms = ["a"]; });
  kernel.answer = () => new Error("LookupError: unknown key");
  await assert.rejects(line.ask(QUESTION), /unknown key/);
});

test("kernels of other languages are left alone", async () => {
  const { kernel, line } = await connected(kernel => { kernel.language = "R"; });
  assert.deepEqual([line.state, line.language, kernel.executed], ["other language", "R", []]);
});

test("an extension of another version is not asked anything", async () => {
  const { kernel, line } = await connected(kernel => { kernel.protocol = 2; });
  await line.load();
  await settle();
  assert.deepEqual([line.state, kernel.executed.length], ["other version", 1]);
});

test("a connection without comms of its own uses the line of the one that has them", async () => {
  const [first, second, third] = [new FakeKernel(), new FakeKernel(), new FakeKernel()];
  second.handleComms = false;
  third.id = "another";
  const lines = new Lines();
  const line = lines.of(first as never);
  assert.equal(lines.of(first as never), line);
  assert.equal(lines.of(second as never), line);
  assert.notEqual(lines.of(third as never), line);
  first.disposed.emit();
  assert.equal(line.state, "dead");
  second.comms = ["a"];
  const other = lines.of(second as never);
  assert.notEqual(other, line);
  await settle();
  assert.equal(other.state, "elsewhere");
});
