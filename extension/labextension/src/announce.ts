// What those hear who do not see the panel: seldom, and only what is new.

import { difference, written } from "./figures";
import { type CellState, numbersOf } from "./state";

const PAUSE = 1500; // milliseconds without a newer answer

/** One sentence on what is shown. */
export function summary(state: CellState): string {
  const problem = state.problems[0];
  if (problem && (state.stale || !state.analysis)) {
    return `${state.stale ? "not up to date, " : ""}${problem.line ? `line ${problem.line}: ` : ""}${problem.message}`;
  }
  const numbers = numbersOf(state);
  if (!state.analysis || !numbers) return "";
  const { value, gradient } = numbers.totals;
  if (numbers.pending) return ""; // more is said soon
  const costs = [`value ${written("flops", value.flops)} flops`, ...(gradient ? [`gradient ${written("flops", gradient.flops)}`] : [])];
  const changed = (numbers.change?.rows ?? []).map(difference).filter(({ direction }) => direction !== "same");
  return [`${state.analysis.name}: ${costs.join(", ")}`, ...changed.map(({ said }) => said)].join("; ");
}

export class Announcer {
  heard(text: string, say: (text: string) => void): void {
    clearTimeout(this.timer);
    if (!text || text === this.last) return;
    this.timer = setTimeout(() => {
      this.last = text;
      say(text);
    }, PAUSE);
  }

  private last = "";
  private timer: ReturnType<typeof setTimeout> | undefined;
}
