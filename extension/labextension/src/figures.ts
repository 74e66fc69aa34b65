// How figures are written: as the live views do it, and what has become of them between two texts of a function.

import { costBytes, costFigure, costMultiple, costSeconds, costShort } from "../../workbench_jupyter/static/cost_parts.js";
import { type Change, type ChangeRow, type Figure, numberOf, type Totals } from "./protocol";

export type Quantity = "time" | "flops" | "bytes" | "allocated" | "peak" | "residuals";

/** What the panel says of the value and of the gradient, in this order, with its words for it. */
export const QUANTITIES: [Quantity, string, string][] = [
  ["time", "time", "predicted seconds of one call"],
  ["flops", "flops", "floating-point operations"],
  ["bytes", "moved", "bytes read and written"],
  ["peak", "peak", "bytes of memory alive at once, at most"],
  ["residuals", "residuals", "bytes kept for the reverse sweep"],
];

const UNITS: Record<string, (value: number) => string> = { time: costSeconds, flops: costShort };

/** A figure in its unit, short. */
export function written(quantity: string, figure: Figure | null | undefined): string {
  const value = numberOf(figure);
  return Number.isNaN(value) ? "–" : (UNITS[quantity] ?? costBytes)(value);
}

export const sizeText = costFigure;

/** How much the gradient costs of what the value does. */
export function overhead(value: Totals, gradient: Totals | null, quantity: Quantity): string {
  const ratio = gradient ? numberOf(gradient[quantity]) / numberOf(value[quantity]) : NaN;
  return Number.isFinite(ratio) ? `${costMultiple(ratio)}×` : "";
}

export type Direction = "more" | "less" | "same";

export interface Difference {
  what: string;
  before: string;
  after: string;
  ratio: string;
  direction: Direction;
  /** One sentence, for those who hear it. */
  said: string;
}

/** A row of a change in words: what it was, what it is, how many times as much. */
export function difference(row: ChangeRow): Difference {
  const [before, after] = [numberOf(row.before), numberOf(row.after)];
  const quantity = quantityOf(row.what);
  const [from, to] = [written(quantity, row.before), written(quantity, row.after)];
  // times are predicted: where they are written alike, they are alike
  const same = Number.isNaN(before) || Number.isNaN(after) || before === after || (quantity === "time" && nearly(after / before));
  if (same) return { what: row.what, before: "", after: to, ratio: "", direction: "same", said: `${row.what} unchanged: ${to}` };
  const direction = after > before ? "more" : "less";
  const ratio = before > 0 ? multiple(after / before) : "new";
  return { what: row.what, before: from, after: to, ratio, direction, said: `${row.what} ${direction}: ${from}, now ${to}` };
}

const nearly = (ratio: number): boolean => Math.abs(ratio - 1) < 0.005;

/** How many times as much; of what is hardly more or less, by how much. */
function multiple(ratio: number): string {
  if (!nearly(ratio)) return `${costMultiple(ratio)}×`;
  return `${ratio > 1 ? "+" : "−"}${Number((100 * Math.abs(ratio - 1)).toPrecision(1))} %`;
}

/** With what a change is told: where the text was never run, with what stood there before. */
export const sinceOf = ({ since }: Change): string => (since === "before this edit" ? "by this edit" : `since ${since}`);

/** More or less of something on a line. */
export function signed(quantity: string, figure: Figure | null | undefined): string {
  const value = numberOf(figure);
  return value > 0 ? `+${written(quantity, value)}` : value < 0 ? `−${written(quantity, -value)}` : "";
}

/** The unit that a row is in: "flops of the gradient" are flops. */
function quantityOf(what: string): Quantity {
  if (/flops|operations/.test(what)) return "flops";
  return /time|seconds/.test(what) ? "time" : "bytes";
}
