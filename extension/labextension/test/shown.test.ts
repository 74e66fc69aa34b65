import assert from "node:assert";
import { test } from "node:test";

import { summary } from "../src/announce";
import { difference, overhead, written } from "../src/figures";
import { notices } from "../src/notices";
import { type Analysis, numberOf } from "../src/protocol";
import { placeOf, sizeAt, sizeFrom } from "../src/scale";
import { DEFAULTS } from "../src/settings";
import { marksOf, percent, saidOf } from "../src/shares";
import { answered, emptyState } from "../src/state";
import schema from "../schema/panel.json";
import analysis from "./fixtures/analysis.json";
import change from "./fixtures/change.json";
import pending from "./fixtures/pending.json";

const found = analysis.answer as unknown as Analysis;

test("figures have their units", () => {
  assert.deepEqual(["time", "flops", "bytes", "peak"].map(name => written(name, 1.5e-3)), ["1.5 ms", "0.0015", "0.0015 B", "0.0015 B"]);
  assert.deepEqual([written("flops", 51_900), written("bytes", 8000), written("peak", null), written("time", "inf")],
    ["51.9 k", "8 kB", "–", "–"]);
  assert.deepEqual([numberOf("inf"), numberOf("-inf"), numberOf("nan"), numberOf(undefined)], [Infinity, -Infinity, NaN, NaN]);
});

test("the gradient's cost over the value's", () => {
  const { value, gradient } = found.totals;
  assert.equal(overhead(value, gradient, "flops"), "1.98×");
  assert.deepEqual([overhead(value, null, "flops"), overhead(value, gradient, "residuals")], ["", ""]);
});

test("differences say their direction in more than colour", () => {
  const more = difference({ what: "flops", before: 1000, after: 1500 });
  assert.deepEqual(more, { what: "flops", before: "1 k", after: "1.5 k", ratio: "1.5×", direction: "more",
    said: "flops more: 1 k, now 1.5 k" });
  assert.equal(difference({ what: "peak memory", before: 8000, after: 800 }).direction, "less");
  assert.equal(difference({ what: "peak memory", before: 0, after: 800 }).ratio, "new");
  assert.deepEqual(difference({ what: "bytes", before: 8, after: 8 }), { what: "bytes", before: "", after: "8 B", ratio: "",
    direction: "same", said: "bytes unchanged: 8 B" });
  assert.equal(difference({ what: "flops", before: 1000, after: 1001 }).ratio, "+0.1 %");
  assert.equal(difference({ what: "time", before: 1000, after: 1001 }).direction, "same");
  assert.equal(difference({ what: "time", before: null, after: 1 }).direction, "same");
});

test("sliders are logarithmic and stop at round sizes", () => {
  const n = { name: "n", value: 1000, least: 1, most: 1e6 };
  assert.equal(placeOf(1000, n), 0.5);
  assert.deepEqual([0, 0.5, 1].map(place => sizeAt(place, n)), [1, 1000, 1e6]);
  for (const size of [1, 7, 10, 42, 990, 1500, 1e6]) assert.equal(sizeAt(placeOf(size, n), n), size);
  assert.deepEqual([placeOf(0, n), placeOf(1e9, n)], [0, 1]);
  const few = { name: "k", value: 0, least: 0, most: 0 };
  assert.deepEqual([placeOf(0, few), sizeAt(0, few), sizeAt(1, few)], [0, 0, 0]);
});

test("sizes that are typed are whole numbers", () => {
  const n = { name: "n", value: 10, least: 2, most: 100 };
  assert.deepEqual(["50", "1_000", "1,000 ", "1e3", "", "2.5", "1", "x"].map(text => sizeFrom(text, n)),
    [50, 1000, 1000, 1000, null, null, null, null]);
});

test("lines in the gutter: shares of the time, of the memory, and what is kept", () => {
  const marks = marksOf([
    { line: 2, time: 3, peak: 100 }, { line: 3, time: 1, peak: 400, kept: 80, why: "the product needs it" }, { line: 5 },
    { line: 6, time: "nan", flops: 0 }, { line: 7, kept: 8 },
  ]);
  assert.deepEqual(marks.map(({ line, share, time, memory, kept }) => [line, share, time, memory, kept]),
    [[2, 0.75, 1, 0.25, false], [3, 0.25, 1 / 3, 1, true], [7, 0, 0, 0, true]]);
  assert.match(saidOf(marks[1]), /^line 3: .*25 %.*kept for the reverse sweep: 80 B \(the product needs it\)$/);
  assert.deepEqual(marksOf(found.lines).map(({ line }) => line), [2, 3, 4, 5]);
});

test("without times the flops are shared out; what is not finite takes nothing from others", () => {
  assert.deepEqual(marksOf([{ line: 1, flops: 1 }, { line: 2, flops: 3 }]).map(({ share }) => share), [0.25, 0.75]);
  const marks = marksOf([{ line: 1, time: "inf" }, { line: 2, time: 3 }]);
  assert.deepEqual(marks.map(({ share }) => share), [1, 1]);
  assert.deepEqual(marksOf([{ line: 1, time: 2 }], 8).map(({ share, time }) => [share, time]), [[0.25, 1]]);
  assert.deepEqual([percent(0.004), percent(0.5), percent(0)], ["<1 %", "50 %", "0 %"]);
});

test("what an edit has changed, of the whole and line by line", () => {
  const after = change.answer as unknown as Analysis;
  assert.deepEqual(after.change!.rows.map(row => difference(row).direction), Array(after.change!.rows.length).fill("more"));
  const marks = marksOf(after.lines, after.totals.gradient!.time, after.change);
  assert.match(saidOf(marks.find(({ line }) => line === 4)!), /by this edit: \+39.9 k flops, \+160 kB moved, \+79.8 kB kept$/);
  assert.doesNotMatch(saidOf(marks.find(({ line }) => line === 5)!), /by this edit/);
});

test("what stands where there is no function", () => {
  const line = { state: "ready" as const, refusal: "", language: "" };
  const text = (changed: object) => notices({ hasNotebook: true, isCode: true, kernelName: "Python 3", line, state: emptyState(),
    load: () => {}, ...changed })?.text ?? null;
  assert.equal(text({ hasNotebook: false }), "No notebook is open.");
  assert.equal(text({ line: null }), "The notebook has no kernel.");
  assert.equal(text({ line: { ...line, state: "other language", language: "R" } }), "The kernel is no Python: R.");
  assert.equal(text({ line: { ...line, state: "unloaded" } }), "AD Workbench is not loaded in this kernel (Python 3).");
  assert.equal(text({ line: { ...line, state: "asking" } }), "Connecting to the kernel …");
  assert.equal(text({ isCode: false }), "This cell holds no code.");
  assert.equal(text({}), "Analysing …");
  assert.equal(text({ state: answered(emptyState(), { nothing: "no function here" }, "") }), "No function here.");
  assert.equal(text({ state: answered(emptyState(), found, "") }), null);
});

test("what is said aloud", () => {
  assert.equal(summary(answered(emptyState(), found, "")), "heat: value 51.9 k flops, gradient 103 k");
  assert.equal(summary(answered(answered(emptyState(), found, ""), { problems: [{ line: 3, message: "no" }] }, "")), "not up to date, line 3: no");
  assert.equal(summary(answered(emptyState(), { problems: [{ line: null, message: "no" }] }, "")), "no");
});

test("nothing is said aloud before the gradient is known", () => {
  assert.equal(summary(answered(answered(emptyState(), found, ""), pending.answer as unknown as Analysis, "")), "");
});

test("the settings have the defaults that the schema states", () => {
  const stated = Object.fromEntries(Object.entries(schema.properties).map(([name, value]) => [name, value.default]));
  assert.deepEqual(stated, DEFAULTS);
});
