// What the panel knows of each cell, and how answers change it. Plain values: no widget, no kernel.

import {
  type AnalyseAnswer, type Analysis, type AtAnswer, isAnalysis, isNothing, type Problem, type Sizes,
} from "./protocol";
import { type Mark, marksOf } from "./shares";

/** What somebody has written for a function: it stays when the text is analysed anew. */
export interface Wishes {
  arguments: string | null;
  wrt: string | null;
  sizes: Sizes;
}

export interface CellState {
  /** What was found last; it is kept while a newer text cannot be analysed. While it is pending, what it lacks is what it
   *  was before. */
  analysis: Analysis | null;
  /** The text that `analysis` is of. */
  source: string | null;
  /** Numbers at the sliders' sizes, where they are not the analysis's own. */
  at: AtAnswer | null;
  /** Whether what is shown is of an older text. */
  stale: boolean;
  problems: Problem[];
  /** Why there is nothing to analyse. */
  nothing: string | null;
  /** What went wrong in asking. */
  error: string | null;
  wishes: Map<string, Wishes>;
  /** Whether changes are told against a text that somebody chose, not against the last run. */
  ownBaseline: boolean;
  /** The function that the wishes are for: of the last answer that named one. */
  name: string | null;
}

export const emptyState = (): CellState => ({
  analysis: null, source: null, at: null, stale: false, problems: [], nothing: null, error: null,
  wishes: new Map(), name: null, ownBaseline: false,
});

/** The wishes for the function that is shown; made where there are none. */
export function wishesOf(state: CellState, name = state.name): Wishes {
  const key = name ?? "";
  if (!state.wishes.has(key)) state.wishes.set(key, { arguments: null, wrt: null, sizes: {} });
  return state.wishes.get(key)!;
}

/** The state with the answer to an analysis of `source` taken in. */
export function answered(state: CellState, answer: AnalyseAnswer, source: string): CellState {
  const known = { ...state, error: null, nothing: null, problems: [] };
  if (isNothing(answer)) {
    return { ...known, analysis: null, source, at: null, stale: false, nothing: answer.nothing, name: null };
  }
  if (!isAnalysis(answer)) {
    const same = answer.name === undefined || answer.name === state.analysis?.name;
    return { ...known, problems: answer.problems, stale: same && state.analysis !== null, name: answer.name ?? state.name,
      ...(same ? {} : { analysis: null, at: null }) };
  }
  const analysis = answer.pending ? filledUp(answer, state) : answer;
  return { ...known, analysis, source, at: null, stale: false, problems: analysis.problems, name: answer.name };
}

/** An answer whose gradient is pending, with what was shown of the same function before in the places that it leaves
 *  empty: figures change once when they are known, and nothing moves. */
function filledUp(answer: Analysis, state: CellState): Analysis {
  const { analysis } = state;
  const before = analysis?.name === answer.name ? numbersOf(state) : null;
  if (!analysis || !before) return answer;
  const names = new Set(answer.dims.map(({ name }) => name));
  return {
    ...answer, change: before.change, totals: { ...answer.totals, gradient: before.totals.gradient },
    dims: [...answer.dims, ...analysis.dims.filter(({ name }) => !names.has(name))],
    problems: state.stale ? answer.problems : state.problems,
  };
}

export const failed = (state: CellState, error: string): CellState =>
  ({ ...state, error, stale: state.analysis !== null });

/** Numbers at other sizes: taken in where they are of what is shown. */
export function atSizes(state: CellState, key: string, at: AtAnswer): CellState {
  const before = numbersOf(state);
  if (state.analysis?.key !== key || !before) return state;
  const filled = at.pending ? { ...at, change: before.change, totals: { ...at.totals, gradient: before.totals.gradient } } : at;
  return { ...state, at: filled };
}

/** What of the totals, lines and change is to be shown; `pending`: the gradient and the change are of before. */
export function numbersOf(state: CellState): Required<AtAnswer> | null {
  const { analysis, at } = state;
  if (!analysis) return null;
  const { totals, lines, change, pending } = at ?? analysis;
  return { totals, lines, change, pending: pending ?? false };
}

/** The lines of what is shown, as the gutter has them. */
export function marksIn(state: CellState): Mark[] {
  const numbers = numbersOf(state);
  if (!numbers) return [];
  const { totals, lines, change, pending } = numbers;
  return marksOf(lines, ((pending ? null : totals.gradient) ?? totals.value).time, pending ? null : change);
}

/** The sizes that sliders stand at: those of the analysis, but where somebody moved one. */
export function sizesOf(state: CellState): Sizes {
  const sizes: Sizes = {};
  const wishes = wishesOf(state).sizes;
  for (const dimension of state.analysis?.dims ?? []) sizes[dimension.name] = wishes[dimension.name] ?? dimension.value;
  return sizes;
}

/** Whether a line is in the function that is shown, so that moving there asks nothing. */
export function isShown(state: CellState, line: number, source: string): boolean {
  const { analysis } = state;
  if (!analysis || state.source !== source || state.stale) return false;
  const inside = ({ first, last }: { first: number; last: number }) => first <= line && line <= last;
  return inside(analysis) || !analysis.functions.some(inside);
}

/** The states of cells, of the notebook's life; those looked at last are kept. */
export class States {
  constructor(private readonly most = 200) {}

  of(id: string): CellState {
    const found = this.states.get(id) ?? emptyState();
    this.put(id, found);
    return found;
  }

  put(id: string, state: CellState): void {
    this.states.delete(id);
    this.states.set(id, state);
    if (this.states.size > this.most) this.states.delete(this.states.keys().next().value!);
  }

  /** After a restart nothing of what was found is certain; what was written stays. */
  forget(): void {
    for (const [id, state] of this.states) this.states.set(id, { ...emptyState(), wishes: state.wishes, name: state.name });
  }

  private readonly states = new Map<string, CellState>();
}
