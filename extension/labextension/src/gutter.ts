// The gutter in the editor of the cell that is analysed: bars of each line's share of time and memory, and a mark where
// residuals are kept. It is put into an editor when its first answer comes, so that other editors know nothing of it;
// while somebody types, its marks only move along with their lines.

import { Compartment, type EditorState, type Extension, RangeSet, StateEffect, StateField } from "@codemirror/state";
import { EditorView, gutter, GutterMarker } from "@codemirror/view";

import { type Mark, saidOf } from "./shares";

/** `pending`: what is kept on a line is not known yet, and is what it was. */
const shown = StateEffect.define<{ marks: Mark[]; pending: boolean }>();
const dimmed = StateEffect.define<null>();
const compartment = new Compartment();

class Bars extends GutterMarker {
  constructor(readonly mark: Mark, readonly stale: boolean) {
    super();
  }

  eq(other: Bars): boolean {
    return this.stale === other.stale && this.mark.time === other.mark.time && this.mark.memory === other.mark.memory
      && this.mark.kept === other.mark.kept && this.mark.facts.join() === other.mark.facts.join();
  }

  toDOM(): Node {
    const node = document.createElement("div");
    node.className = `adw-Bars${this.stale ? " adw-mod-stale" : ""}${this.mark.kept ? " adw-mod-kept" : ""}`;
    if (this.mark.facts.length) {
      node.setAttribute("role", "img");
      node.setAttribute("aria-label", saidOf(this.mark));
      node.title = this.mark.facts.join("\n");
    }
    for (const [name, share] of [["time", this.mark.time], ["memory", this.mark.memory]] as const) {
      const bar = document.createElement("i");
      bar.className = `adw-Bar adw-mod-${name}`;
      bar.style.width = share > 0 ? `max(2px, ${(100 * share).toFixed(1)}%)` : "0";
      node.append(bar);
    }
    return node;
  }
}

const field = StateField.define<RangeSet<Bars>>({
  create: () => RangeSet.empty,
  update: (bars, transaction) => {
    let found = transaction.docChanged ? bars.map(transaction.changes) : bars;
    for (const effect of transaction.effects) {
      if (effect.is(shown)) found = barsOf(effect.value.marks, transaction.state, effect.value.pending ? found : null);
      if (effect.is(dimmed)) found = dim(found);
    }
    return found;
  },
});

function barsOf(marks: Mark[], state: EditorState, before: RangeSet<Bars> | null): RangeSet<Bars> {
  const kept = new Set<number>();
  for (const at = (before ?? RangeSet.empty).iter(); at.value; at.next()) {
    if (at.value.mark.kept) kept.add(state.doc.lineAt(at.from).number);
  }
  const known = new Set(marks.map(({ line }) => line));
  const more = [...kept].filter(line => !known.has(line)).map(line => ({ line, share: 0, time: 0, memory: 0, kept: true, facts: [] }));
  const inside = [...marks, ...more].filter(({ line }) => line >= 1 && line <= state.doc.lines).sort((a, b) => a.line - b.line);
  return RangeSet.of(inside.map(mark =>
    new Bars(kept.has(mark.line) ? { ...mark, kept: true } : mark, false).range(state.doc.line(mark.line).from)));
}

function dim(bars: RangeSet<Bars>): RangeSet<Bars> {
  const found = [];
  for (const at = bars.iter(); at.value; at.next()) found.push(new Bars(at.value.mark, true).range(at.from));
  return RangeSet.of(found);
}

const extension: Extension = [
  field,
  gutter({
    class: "adw-Gutter",
    markers: view => view.state.field(field),
    initialSpacer: () => new Bars({ line: 0, share: 0, time: 0, memory: 0, kept: false, facts: [] }, false),
  }),
  // gutters are hidden from screen readers, for line numbers are of no use to them; ours says something
  EditorView.updateListener.of(({ view }) => {
    const own = view.dom.querySelector(".adw-Gutter");
    if (own?.parentElement?.getAttribute("aria-hidden") === "true") {
      own.parentElement.removeAttribute("aria-hidden");
      for (const other of own.parentElement.children) if (other !== own) other.setAttribute("aria-hidden", "true");
    }
  }),
];

/** The one gutter of the page: it moves with what is analysed. */
export class Gutter {
  /** Show marks in an editor, and in no other. `pending`: more will be known of them soon. */
  show(view: EditorView, marks: Mark[], pending: boolean): void {
    if (this.view && this.view !== view) this.clear();
    this.view = view;
    const found = compartment.get(view.state) as Extension[] | undefined;
    if (found === undefined) view.dispatch({ effects: StateEffect.appendConfig.of(compartment.of(extension)) });
    else if (!found.length) view.dispatch({ effects: compartment.reconfigure(extension) });
    view.dispatch({ effects: shown.of({ marks, pending }) });
  }

  /** The text has changed since, and nothing newer is known. */
  dim(): void {
    this.view?.dispatch({ effects: dimmed.of(null) });
  }

  /** Take the gutter out of the editor that has it. */
  clear(): void {
    const { view } = this;
    this.view = null;
    if (view && compartment.get(view.state) !== undefined) view.dispatch({ effects: compartment.reconfigure([]) });
  }

  private view: EditorView | null = null;
}
