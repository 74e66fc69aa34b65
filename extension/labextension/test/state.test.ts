import assert from "node:assert";
import { test } from "node:test";

import { type Analysis, isAnalysis, isNothing } from "../src/protocol";
import { answered, atSizes, emptyState, failed, isShown, numbersOf, sizesOf, States, wishesOf } from "../src/state";
import { functionAt } from "../src/text";
import analysis from "./fixtures/analysis.json";
import at from "./fixtures/at.json";
import nothing from "./fixtures/nothing.json";
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
