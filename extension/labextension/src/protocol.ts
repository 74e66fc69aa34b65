// What the panel asks a kernel, and what it is told: version 1 of the protocol, the types of its messages.
//
// Sizes, seconds and bytes are plain numbers; numbers that JSON does not know travel as "nan", "inf", "-inf".

export const TARGET = "workbench.panel";
export const PROTOCOL = 1;

export type Figure = number | "nan" | "inf" | "-inf";
export type View = "cost" | "adjoint" | "tape" | "change";
export type Sizes = Record<string, number>;

export interface Cell {
  id: string;
  source: string;
  /** The cursor's line, from 1. */
  line: number;
}

export interface AnalyseQuestion {
  what: "analyse";
  cell: Cell;
  others: { id: string; source: string }[];
  arguments: string | null;
  wrt: string | null;
  sizes: Sizes | null;
  /** Whether the gradient may be left for later. */
  parts: true;
}

export type Question =
  | AnalyseQuestion
  | GradientQuestion
  | { what: "view"; key: string; view: View }
  | { what: "ask"; key: string; view: View; question: unknown }
  | { what: "at"; key: string; sizes: Sizes }
  | { what: "baseline"; key: string }
  | { what: "baseline"; key: null; cell: string };

/** The second part of an answer: it is given up by the kernel where another text is analysed before it is known. */
export interface GradientQuestion {
  what: "gradient";
  key: string;
  sizes: Sizes | null;
}

export interface Totals {
  flops: Figure;
  bytes: Figure;
  allocated: Figure;
  peak: Figure;
  residuals: Figure;
  time: Figure;
  texts?: Record<string, string>;
}

export interface Line {
  line: number;
  time?: Figure | null;
  flops?: Figure | null;
  bytes?: Figure | null;
  peak?: Figure | null;
  kept?: Figure | null;
  why?: string | null;
}

export interface Problem {
  line: number | null;
  column?: number | null;
  message: string;
}

export interface ChangeRow {
  what: string;
  /** Of which program the figures are. */
  of?: "gradient" | "value";
  before: Figure | null;
  after: Figure | null;
  before_text?: string | null;
  after_text?: string | null;
}

export interface Change {
  since: string;
  rows: ChangeRow[];
  /** What became more or less, line by line. */
  lines?: Line[];
}

export interface Dimension {
  name: string;
  value: number;
  least: number;
  most: number;
}

export interface Analysis {
  key: string;
  name: string;
  first: number;
  last: number;
  functions: { name: string; first: number; last: number }[];
  arguments: { text: string; source: string };
  /** What it is differentiated with respect to. */
  wrt?: { text: string; source: string };
  dims: Dimension[];
  totals: { value: Totals; gradient: Totals | null };
  lines: Line[];
  change: Change | null;
  views: View[];
  problems: Problem[];
  /** Whether the gradient is to be asked for: what is there is of the value alone. */
  pending?: boolean;
  seconds?: number;
}

/** A cell that cannot be analysed: what is wrong with it, and of which function. */
export interface Refusal {
  problems: Problem[];
  name?: string;
  first?: number;
  last?: number;
}

export interface Nothing {
  nothing: string;
}

export type AnalyseAnswer = Analysis | Refusal | Nothing;

export interface AtAnswer {
  totals: Analysis["totals"];
  lines: Line[];
  change: Change | null;
  pending?: boolean;
}

export interface ViewAnswer {
  kind: string;
  html: string;
  data: unknown;
}

export const isNothing = (answer: AnalyseAnswer): answer is Nothing => "nothing" in answer;
export const isAnalysis = (answer: AnalyseAnswer): answer is Analysis => "key" in answer;

/** A number as answers have it; of those that are not there, NaN. */
export function numberOf(figure: Figure | null | undefined): number {
  if (typeof figure === "number") return figure;
  return figure === "inf" ? Infinity : figure === "-inf" ? -Infinity : NaN;
}
