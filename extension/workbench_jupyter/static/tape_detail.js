// One node: what it takes and gives, with its partials, and what the reverse sweep adds to the adjoints of its inputs.

import { el } from "./dom.js";
import { tapeCount, tapeNumber } from "./tape_store.js";

const TAPE_MOST = 12;

export const TAPE_DETAIL_CSS = `
.wb-t-detail { padding: 6px 12px 8px; border-top: 1px solid var(--wb-line); font-size: 12px; overflow: auto; min-height: 0; }
.wb-t-mono { font-family: var(--jp-code-font-family, monospace); white-space: nowrap; }
.wb-t-detail table { border-collapse: collapse; margin: 3px 0; font-size: 12px; font-variant-numeric: tabular-nums; }
.wb-view .wb-t-detail td, .wb-view .wb-t-detail th { padding: 0 12px 0 0; text-align: left; background: none; font-weight: 400; white-space: nowrap; }
.wb-view .wb-t-detail th { color: var(--wb-dim); }
.wb-t-link { font: inherit; font-family: var(--jp-code-font-family, monospace); color: var(--wb-accent); border: 0; background: none; padding: 0 4px 0 0; cursor: pointer; text-decoration: underline; text-underline-offset: 2px; }`;

export class TapeDetail {
  constructor(store, rows, state) {
    Object.assign(this, { store, rows, state });
    this.element = el("div", { class: "wb-t-detail", role: "region", "aria-label": "the selected node", "aria-live": "polite" });
    state.listen(changed => { if (changed.has("selected") || changed.has("position")) this.show(); });
    this.show();
  }

  link(node) {
    return el("button", { class: "wb-t-link", type: "button", onclick: () => this.state.change({ selected: node }) }, `#${node}`);
  }

  group(group) {
    const { first, stop } = this.rows.groups;
    return el("span", {}, `${this.rows.label(group)}: ${tapeCount(stop[group] - first[group])}, `, this.link(first[group]), "to ", this.link(stop[group] - 1));
  }

  async show() {
    const { store, state, element } = this, row = state.selected;
    if (row === null) return element.replaceChildren(el("span", { class: "wb-kind" }, "Choose a node in the list or the graph, or a line of the source; ▶| steps."));
    if (row >= store.count) return element.replaceChildren(el("span", {}, `${tapeCount(state.counts?.[row - store.count] ?? 0)} of one line`));
    if (row < 0) return element.replaceChildren(this.group(-row - 1));
    if (!store.arrived) return undefined;
    let inputs = store.inputs(row), partials = store.weights.subarray(store.starts[row], store.starts[row + 1]);
    if (store.block(row) >= 0) {
      const found = await store.link.ask({ what: "row", node: row });
      if (row !== state.selected) return undefined;
      [inputs, partials] = [found.inputs, found.partials];
    }
    const bar = store.adjoint[row], swept = row >= store.at, users = store.users(row);
    const head = el("div", {}, el("span", { class: "wb-t-mono" }, `#${row}`), ` ${store.what(row)}, value `, el("span", { class: "wb-t-mono" }, tapeNumber(store.value[row])),
      ", adjoint ", el("span", { class: "wb-t-mono" }, state.position > store.count ? tapeNumber(bar) + (swept ? "" : " so far") : "not yet"));
    const table = el("table", {}, el("tr", {}, ["input", "partial", "the reverse sweep does"].map(text => el("th", {}, text))));
    for (let k = 0; k < Math.min(inputs.length, TAPE_MOST); k++) {
      const part = bar === 0 ? 0 : bar * partials[k];
      const step = `adjoint[${inputs[k]}] += ${tapeNumber(bar, 3)} × ${tapeNumber(partials[k], 3)} = ${tapeNumber(part, 3)}`;
      table.append(el("tr", {}, el("td", {}, this.link(inputs[k]), `= ${tapeNumber(store.value[inputs[k]], 4)}`),
        el("td", {}, el("span", { class: "wb-t-mono" }, tapeNumber(partials[k], 4))), el("td", {}, el("span", { class: "wb-t-mono" }, state.position > store.count && swept ? step : `adjoint[${inputs[k]}] += adjoint[${row}] × ${tapeNumber(partials[k], 4)}`))));
    }
    if (inputs.length > TAPE_MOST) table.append(el("tr", {}, el("td", { colspan: 3 }, `… ${inputs.length - TAPE_MOST} more inputs`)));
    const used = users.length ? el("div", {}, "used by ", Array.from(users.subarray(0, TAPE_MOST), u => this.link(u)), users.length > TAPE_MOST ? `… ${users.length} in all` : "") : el("div", {}, store.seed[row] ? "the result" : "used by nothing");
    element.replaceChildren(head, inputs.length ? table : el("div", {}, store.line(row) ? "no active input" : "an independent variable"), used);
    return undefined;
  }
}
