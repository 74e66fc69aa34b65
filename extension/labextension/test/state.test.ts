import assert from "node:assert";
import { test } from "node:test";

import { type Analysis, isAnalysis, isNothing } from "../src/protocol";
import { answered, atSizes, emptyState, failed, isShown, marksIn, numbersOf, sizesOf, States, wishesOf } from "../src/state";
import { functionAt } from "../src/text";
import analysis from "./fixtures/analysis.json";
import at from "./fixtures/at.json";
import gradient from "./fixtures/gradient.json";
import nothing from "./fixtures/nothing.json";
import pending from "./fixtures/pending.json";
import problem from "./fixtures/problem.json";

const found = analysis.answer as unknown as Analysis;
const source = analysis.question.cell.source;
const known = answered(emptyState(), found, source);

test("answers are told apart", () => {
  assert.ok(isAnalysis(found) && !isNothing(found));
  assert.ok(isNothing(nothing.answer) && !isAnalysis(problem.answer));
});

test("what cannot be analysed leaves what was shown, and says why", () => {
  const state = answered(known, problem.answer, `${source}\n`);
  assert.equal(state.analysis, found);
  assert.ok(state.stale);
  assert.equal(state.problems[0].line, 2);
  const mended = answered(state, found, source);
  assert.deepEqual([mended.stale, mended.problems.length], [false, found.problems.length]);
});

test("another function that cannot be analysed does not leave the first one's figures", () => {
  const state = answered(known, { ...problem.answer, name: "other" }, source);
  assert.deepEqual([state.analysis, state.name], [null, "other"]);
});

test("where there is no function there is nothing", () => {
  const state = answered(known, nothing.answer, "x = 3");
  assert.deepEqual([state.analysis, state.nothing], [null, nothing.answer.nothing]);
});

test("an error leaves what was shown, marked as not up to date", () => {
  const state = failed(known, "TimeoutError");
  assert.deepEqual([state.analysis, state.stale, state.error], [found, true, "TimeoutError"]);
});

test("numbers at other sizes are those of their key only", () => {
  const moved = atSizes(known, found.key, at.answer as never);
  assert.equal(numbersOf(moved)!.totals.value.flops, at.answer.totals.value.flops);
  assert.equal(atSizes(known, "another", at.answer as never), known);
  assert.equal(numbersOf(answered(moved, found, source))!.totals, found.totals);
});

test("sliders stay where they were put, for each function", () => {
  wishesOf(known).sizes["n"] = 77;
  const again = answered(known, found, source);
  assert.deepEqual(sizesOf(again), { n: 77, steps: 10 });
  const other = answered(again, { ...found, name: "other" }, source);
  assert.equal(sizesOf(other)["n"], found.dims[0].value);
});

test("moving inside the function that is shown asks nothing", () => {
  const two = answered(emptyState(), { ...found, functions: [...found.functions, { name: "g", first: 8, last: 9 }] }, source);
  assert.ok(isShown(two, 3, source) && isShown(two, 7, source));
  assert.ok(!isShown(two, 8, source) && !isShown(two, 3, `${source} `) && !isShown(failed(two, "no"), 3, source));
});

test("each cell has its state; a restart leaves what was written", () => {
  const states = new States(2);
  states.put("a", known);
  assert.equal(states.of("a"), known);
  states.forget();
  assert.equal(states.of("a").analysis, null);
  assert.equal(states.of("a").wishes, known.wishes);
  for (const id of ["b", "c"]) states.of(id);
  assert.notEqual(states.of("a").wishes, known.wishes); // the one looked at longest ago is let go
});

test("the function of a line", () => {
  const text = "import a\n@wb.grad\ndef f(x,\n      y):\n    def g(): pass\n    return x\n\n# end\nz = 1\nz\nasync def λ(x): pass";
  assert.deepEqual([1, 3, 4, 5, 6, 8, 9, 10, 11].map(line => functionAt(text, line)),
    [null, "f", "f", "f", "f", "f", "f", null, "λ"]);
});

const first = pending.answer as unknown as Analysis;
const second = gradient.answer as unknown as Analysis;
const edited = pending.question.cell.source;

test("until the gradient is known, what it was stays, and what is known of the value is new", () => {
  const state = answered(known, first, edited);
  const numbers = numbersOf(state)!;
  assert.ok(first.pending && numbers.pending && !state.stale);
  assert.equal(numbers.totals.gradient, found.totals.gradient);
  assert.equal(numbers.totals.value, first.totals.value);
  assert.notEqual(first.totals.value.flops, found.totals.value.flops);
  assert.deepEqual(marksIn(state).map(({ line }) => line), first.lines.filter(({ time }) => time).map(({ line }) => line));
  const whole = answered(state, second, edited);
  assert.equal(whole.analysis, second);
  assert.equal(numbersOf(whole)!.pending, false);
});

test("what is pending after what was pending shows what was known last", () => {
  const state = answered(answered(known, first, edited), { ...first, key: "next" }, `${edited} `);
  assert.equal(numbersOf(state)!.totals.gradient, found.totals.gradient);
  assert.deepEqual(state.problems, known.problems);
  const dims = [...found.dims, { name: "extra", value: 1, least: 1, most: 10 }];
  const more = answered(answered(emptyState(), { ...found, dims }, source), first, edited);
  assert.deepEqual(more.analysis!.dims.map(({ name }) => name), dims.map(({ name }) => name));
});

test("of another function nothing is left, nor of a cell that was not known", () => {
  const other = answered(known, { ...first, name: "other" }, edited);
  assert.deepEqual([numbersOf(other)!.totals.gradient, numbersOf(other)!.change], [null, null]);
  assert.equal(numbersOf(answered(emptyState(), first, edited))!.totals.gradient, null);
  const mended = answered(answered(known, problem.answer, `${source}\n`), first, edited);
  assert.deepEqual([mended.problems, numbersOf(mended)!.totals.gradient], [first.problems, found.totals.gradient]);
});

test("sliders that are moved between the parts", () => {
  const state = answered(known, first, edited);
  const value = { ...first.totals.value, flops: 7 };
  const moved = atSizes(state, first.key, { totals: { value, gradient: null }, lines: [], change: null, pending: true });
  assert.deepEqual([numbersOf(moved)!.totals.value.flops, numbersOf(moved)!.totals.gradient], [7, found.totals.gradient]);
  assert.ok(numbersOf(moved)!.pending);
  const late = atSizes(state, first.key, { totals: second.totals, lines: second.lines, change: null });
  assert.equal(numbersOf(late)!.pending, false); // the second part is on its way, too
  assert.equal(numbersOf(answered(late, second, edited))!.totals, second.totals);
});
