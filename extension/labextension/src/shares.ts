// What the gutter shows of each line: its share of the time, of the memory, and whether residuals are kept there.

import { signed, sinceOf, written } from "./figures";
import { type Change, type Line, numberOf } from "./protocol";

export interface Mark {
  line: number;
  /** The line's share of the call's time, from 0 to 1; of flops where there are no times. */
  share: number;
  /** Its time, of that of the line that takes longest, from 0 to 1: in long functions all shares are small. */
  time: number;
  /** Bytes alive that it made, of those of the line that made most, from 0 to 1. */
  memory: number;
  kept: boolean;
  /** What is known of the line, a fact a row. */
  facts: string[];
}

const positive = (figure: Line["time"]): number => {
  const value = numberOf(figure);
  return value > 0 ? value : 0;
};
const part = (value: number, whole: number): number =>
  whole > 0 ? Math.min(Number.isFinite(value) ? value / whole : 1, 1) : 0;

/** Marks for lines that cost something; shares are of the whole call's time, which is more than its lines'. */
export function marksOf(lines: Line[], call: Line["time"] = 0, change: Change | null = null): Mark[] {
  const changes = new Map(change?.lines?.map(line => [line.line, changeOf(line, change)]));
  const timed = lines.some(line => positive(line.time) > 0);
  const work = (line: Line) => positive(timed ? line.time : line.flops);
  const memory = (line: Line) => positive(line.peak);
  const finite = (values: number[]) => values.map(value => (Number.isFinite(value) ? value : 0));
  const sum = finite(lines.map(work)).reduce((all, value) => all + value, 0);
  const whole = timed ? Math.max(sum, ...finite([positive(call)])) : sum;
  const [longest, most] = [Math.max(0, ...finite(lines.map(work))), Math.max(0, ...finite(lines.map(memory)))];
  return lines.map(line => {
    const share = part(work(line), whole);
    return {
      line: line.line, share, time: part(work(line), longest), memory: part(memory(line), most), kept: positive(line.kept) > 0,
      facts: [...factsOf(line, share, timed), ...(changes.get(line.line) ?? [])],
    };
  }).filter(mark => mark.time > 0 || mark.memory > 0 || mark.kept);
}

/** A share in whole hundredths: nothing that is there is nothing. */
export function percent(share: number): string {
  return share > 0 && share < 0.01 ? "<1 %" : `${Math.round(100 * share)} %`;
}

function factsOf(line: Line, share: number, timed: boolean): string[] {
  const facts = [];
  if (share > 0) {
    facts.push(timed ? `time: ${written("time", line.time)}, ${percent(share)}` : `${percent(share)} of the flops`);
  }
  if (positive(line.flops) > 0) facts.push(`flops: ${written("flops", line.flops)}`);
  if (positive(line.bytes) > 0) facts.push(`moved: ${written("bytes", line.bytes)}`);
  if (positive(line.peak) > 0) facts.push(`alive at the peak: ${written("bytes", line.peak)}`);
  if (positive(line.kept) > 0) {
    facts.push(`kept for the reverse sweep: ${written("bytes", line.kept)}${line.why ? ` (${line.why})` : ""}`);
  } else if (line.why) facts.push(line.why);
  return facts;
}

/** What became more or less on a line. */
function changeOf(line: Line, change: Change): string[] {
  const found = [["flops", " flops"], ["bytes", " moved"], ["kept", " kept"]] as const;
  const texts = found.map(([quantity, word]) => [signed(quantity, line[quantity]), word]).filter(([text]) => text);
  return texts.length ? [`${sinceOf(change)}: ${texts.map(pair => pair.join("")).join(", ")}`] : [];
}

/** All that is known of a line, in one sentence. */
export const saidOf = (mark: Mark): string => `line ${mark.line}: ${mark.facts.join("; ")}`;
