// The list of nodes: only the rows that are seen exist. The rows stand in a box that stays in place while the long, empty
// scroller moves under it, so that a fast scroll never shows a gap: the rows before stay until they are filled anew.

import { el } from "./dom.js";
import { tapeCount, tapeNumber } from "./tape_store.js";

const TAPE_ROW = 23; // pixels
const TAPE_TALLEST = 12_000_000; // of elements, in any browser; longer lists are scrolled in proportion
const TAPE_HEADS = [["#", "node"], ["operation", "operation"], ["inputs", "inputs"], ["value", "value"], ["adjoint", "adjoint"], ["line", "source line"]];

export const TAPE_LIST_CSS = `
.wb-t-grid { display: grid; grid-template-rows: auto minmax(0, 1fr); height: 100%; min-height: 0; font-size: 12px; outline-offset: -2px;
  font-family: var(--jp-code-font-family, monospace); font-variant-numeric: tabular-nums; }
.wb-t-row { display: grid; grid-template-columns: var(--wb-t-no, 3em) minmax(5em, 8em) minmax(4em, 7em) 6.8em 6.8em minmax(0, 1fr); height: ${TAPE_ROW}px;
  align-items: center; padding: 0 10px; gap: 0 10px; cursor: default; border-left: 3px solid transparent; }
.wb-t-row > span { overflow: hidden; text-overflow: ellipsis; white-space: pre; }
.wb-t-row > span:nth-child(1), .wb-t-row > span:nth-child(4), .wb-t-row > span:nth-child(5) { text-align: right; }
.wb-t-row > span:nth-child(1), .wb-t-row > span:nth-child(3), .wb-t-row > span:nth-child(6) { color: var(--wb-dim); }
.wb-t-headrow { color: var(--wb-dim); border-bottom: 1px solid var(--wb-line); font-weight: 600; padding-right: calc(10px + var(--wb-t-bar, 0px)); }
.wb-t-scroll { overflow-y: scroll; min-height: 0; position: relative; }
.wb-t-rows { position: sticky; top: 0; overflow: hidden; }
.wb-t-row[aria-selected="true"], .wb-t-row.wb-t-holds { background: var(--wb-hit); border-left-color: var(--wb-accent); }
.wb-t-row.wb-t-in { border-left-color: var(--wb-h0); } .wb-t-row.wb-t-out { border-left-color: var(--wb-h1); }
.wb-t-row.wb-t-now { box-shadow: inset 0 0 0 1px var(--wb-accent); }
.wb-t-row .wb-t-odd { color: var(--wb-no); font-weight: 600; } .wb-t-row .wb-t-part { color: var(--wb-dim); font-style: italic; }
.wb-t-row .wb-t-fold { font: inherit; border: 0; background: none; color: var(--wb-accent); padding: 0 3px 0 0; cursor: pointer; }
.wb-t-row.wb-t-groups > span:nth-child(2) { font-weight: 600; grid-column: 2 / 5; text-align: left; }
.wb-t-row.wb-t-groups > span:nth-child(3), .wb-t-row.wb-t-groups > span:nth-child(4) { display: none; }
@container (max-width: 560px) { .wb-t-row { grid-template-columns: var(--wb-t-no, 3em) minmax(3.4em, 1fr) minmax(3.4em, 1fr) 6.4em 6.4em 2em; gap: 0 8px; padding: 0 6px; }
  .wb-t-text { display: none; } }
@container (max-width: 340px) { .wb-t-row { grid-template-columns: var(--wb-t-no, 2.4em) minmax(2.6em, 1fr) 6em 6em; gap: 0 6px; }
  .wb-t-row > span:nth-child(3), .wb-t-row > span:nth-child(6) { display: none; }
  .wb-t-row.wb-t-groups > span:nth-child(2) { grid-column: 2 / 4; } }`;

export class TapeList {
  constructor(store, rows, state) {
    Object.assign(this, { store, rows, state });
    this.pool = [];
    this.identity = `wb-t-${Math.random().toString(36).slice(2)}`;
    this.spacer = el("div", { "aria-hidden": "true" });
    this.box = el("div", { class: "wb-t-rows", role: "rowgroup" });
    this.scroller = el("div", { class: "wb-t-scroll", tabindex: -1, role: "presentation" }, this.box, this.spacer);
    const head = el("div", { class: "wb-t-row wb-t-headrow", role: "row", "aria-rowindex": 1 },
      TAPE_HEADS.map(([text, label]) => el("span", { role: "columnheader", "aria-label": label }, text)));
    this.element = el("div", { class: "wb-t-grid", role: "grid", tabindex: 0, "aria-label": "recorded operations", "aria-colcount": 6 },
      el("div", { role: "rowgroup" }, head), this.scroller);
    this.scroller.addEventListener("scroll", () => this.later());
    this.element.addEventListener("keydown", event => this.key(event));
    this.box.addEventListener("mousedown", event => this.click(event));
    this.box.addEventListener("dblclick", event => this.click(event, true));
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.scroller);
    state.listen(changed => {
      if (changed.has("selected") && state.from !== this) this.reveal(state.selected);
      else this.later();
    });
  }

  close() {
    this.observer.disconnect();
  }

  /** Draw in the next frame. */
  later() {
    if (!this.pending) this.pending = requestAnimationFrame(() => { this.pending = 0; this.draw(); });
  }

  /** The rows have changed. */
  changed() {
    this.element.setAttribute("role", this.rows.mode === "calls" && !this.rows.matches ? "treegrid" : "grid");
    this.element.setAttribute("aria-rowcount", this.rows.length + 1);
    this.draw();
  }

  geometry() {
    const visible = Math.max(1, Math.floor(this.scroller.clientHeight / TAPE_ROW)), length = this.rows.length;
    const wanted = length * TAPE_ROW, tall = Math.min(wanted, TAPE_TALLEST);
    const beyond = Math.max(0, tall - this.scroller.clientHeight), last = Math.max(0, length - this.scroller.clientHeight / TAPE_ROW);
    return { visible, length, tall, beyond, last };
  }

  /** The row at the top, with a fraction. */
  top() {
    const { beyond, last } = this.geometry();
    return beyond ? (this.scroller.scrollTop / beyond) * last : 0;
  }

  scrollTo(top) {
    const { beyond, last } = this.geometry();
    this.spacer.style.height = `${Math.max(0, this.geometry().tall - this.box.clientHeight)}px`;
    this.scroller.scrollTop = last ? (Math.min(top, last) / last) * beyond : 0;
    this.draw();
  }

  /** Bring a row into view. */
  reveal(row) {
    const position = row === null ? -1 : this.rows.position(row);
    const { visible } = this.geometry(), top = this.top();
    if (position >= 0 && (position < top || position > top + visible - 1)) this.scrollTo(Math.max(0, position - Math.floor(visible / 3)));
    else this.draw();
  }

  draw() {
    const height = this.scroller.clientHeight;
    if (!height) return;
    this.box.style.height = `${height}px`;
    this.element.style.setProperty("--wb-t-no", `${Math.max(2, String(this.store.count).length)}.2ch`);
    this.element.style.setProperty("--wb-t-bar", `${this.scroller.offsetWidth - this.scroller.clientWidth}px`);
    const { tall, length } = this.geometry();
    this.spacer.style.height = `${Math.max(0, tall - height)}px`;
    const top = this.top(), first = Math.floor(top), shift = -(top - first) * TAPE_ROW;
    const count = Math.min(Math.ceil(height / TAPE_ROW) + 1, length - first);
    while (this.pool.length < count) {
      const row = el("div", { class: "wb-t-row", role: "row" }, TAPE_HEADS.map(() => el("span", { role: "gridcell" })));
      this.pool.push(row);
      this.box.append(row);
    }
    const near = this.near();
    this.pool.forEach((row, k) => {
      row.hidden = k >= count;
      row.style.display = k < count ? "" : "none";
      if (k < count) {
        row.style.transform = `translateY(${shift}px)`;
        this.fill(row, first + k, near);
      }
    });
    const selected = this.state.selected === null ? -1 : this.rows.position(this.state.selected) - first;
    if (selected >= 0 && selected < count) this.element.setAttribute("aria-activedescendant", this.pool[selected].id);
    else this.element.removeAttribute("aria-activedescendant");
  }

  /** The inputs and users of what is selected. */
  near() {
    const node = this.state.selected;
    if (node === null || node < 0 || node >= this.store.count || !this.store.arrived) return { inputs: [], users: [] };
    return { inputs: this.store.inputs(node), users: this.store.users(node) };
  }

  fill(element, position, near) {
    const { store, rows, state } = this, row = rows.at(position), cells = element.children;
    element.id = `${this.identity}-${position}`;
    element.setAttribute("aria-rowindex", position + 2);
    element.setAttribute("aria-selected", String(row === state.selected));
    element.dataset.row = row;
    const classes = ["wb-t-row"], depth = rows.depth(row);
    cells[1].replaceChildren();
    cells[1].style.paddingLeft = depth ? `${Math.min(depth, 12) * 10}px` : "";
    element.removeAttribute("aria-expanded");
    if (this.rows.mode === "calls") element.setAttribute("aria-level", depth + 1);
    else element.removeAttribute("aria-level");
    let texts;
    if (row < 0) texts = this.group(element, -row - 1, classes);
    else if (row >= store.count) texts = this.place(row - store.count, classes);
    else texts = this.node(row, classes, cells[4], near);
    if (row < 0 || row >= store.count) cells[4].className = "";
    cells[0].textContent = texts[0];
    cells[1].append(texts[1]);
    for (let k = 2; k < 5; k++) cells[k].textContent = texts[k];
    cells[5].replaceChildren(...[texts[5]].flat());
    element.title = row >= 0 && row < store.count ? `node ${row}: ${store.what(row)}` : texts[1];
    element.className = classes.join(" ");
  }

  node(node, classes, cell, near) {
    const { store, state } = this, inputs = store.inputs(node);
    if (near.inputs.includes(node)) classes.push("wb-t-in");
    if (near.users.includes(node)) classes.push("wb-t-out");
    if (state.current === node) classes.push("wb-t-now");
    const known = node < state.position, bar = store.adjoint[node], swept = state.position > store.count;
    cell.className = !Number.isFinite(bar) ? "wb-t-odd" : node < store.at ? "wb-t-part" : "";
    const listed = Array.from(inputs.subarray(0, 3)).join(", ") + (inputs.length > 3 ? `, …${inputs.length}` : "");
    const line = store.line(node);
    return [node, store.name(node), listed, known ? tapeNumber(store.value[node]) : "",
      swept && (node >= store.at || bar !== 0) ? tapeNumber(bar) : "", line ? [line, el("span", { class: "wb-t-text" }, `  ${store.texts.get(store.place[node])}`)] : ""];
  }

  group(element, group, classes) {
    const { rows } = this, { first, stop, kind } = rows.groups, open = Boolean(rows.open[group]);
    classes.push("wb-t-groups");
    element.setAttribute("aria-expanded", String(open));
    const holds = node => node !== null && node >= first[group] && node < stop[group];
    if (!open && holds(this.state.selected)) classes.push("wb-t-holds");
    if (!open && holds(this.state.current)) classes.push("wb-t-now");
    element.children[1].append(el("button", { class: "wb-t-fold", tabindex: -1, "aria-label": open ? "fold" : "unfold" }, open ? "▾" : "▸"));
    const line = this.store.line(first[group]);
    return [first[group], rows.label(group), "", "", this.largest(first[group], stop[group]), `${tapeCount(stop[group] - first[group])}${kind[group] === 3 && line ? `, line ${line}` : ""}`];
  }

  /** The largest magnitude among the adjoints of a group that is not too large to look through at every frame. */
  largest(first, stop) {
    const { adjoint, at } = this.store;
    if (stop - first > 20_000 || at > first) return "";
    let most = 0;
    for (let k = first; k < stop; k++) if (!(Math.abs(adjoint[k]) <= most)) most = Math.abs(adjoint[k]);
    return `≤ ${tapeNumber(most, 3)}`;
  }

  place(place, classes) {
    classes.push("wb-t-groups");
    const { line } = this.store.data.places[place];
    return [line, this.store.texts.get(place), "", "", "", tapeCount(this.state.counts?.[place] ?? 0)];
  }

  click(event, twice = false) {
    const element = event.target.closest(".wb-t-row");
    if (!element || !this.box.contains(element)) return;
    const row = Number(element.dataset.row);
    if (row < 0 && (twice || event.target.classList.contains("wb-t-fold"))) {
      if (!twice || !event.target.classList.contains("wb-t-fold")) this.fold(row);
      return;
    }
    this.choose(row);
  }

  fold(row, open = undefined) {
    this.rows.toggle(row, open);
    this.changed();
    this.state.change({ folds: this.state.folds + 1 });
  }

  choose(row) {
    this.state.from = this;
    this.state.change({ selected: row });
    this.state.from = null;
  }

  key(event) {
    const { rows, state, store } = this, now = state.selected === null ? -1 : rows.position(state.selected);
    const page = this.geometry().visible - 1, row = state.selected;
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    event.stopPropagation();
    if (event.key in steps) {
      event.preventDefault();
      const next = now < 0 ? (event.key === "End" ? rows.length - 1 : Math.round(this.top())) : Math.max(0, Math.min(rows.length - 1, now + steps[event.key]));
      this.choose(rows.at(next));
      this.reveal(rows.at(next));
    } else if (row !== null && row < 0 && ["ArrowLeft", "ArrowRight", "Enter", " "].includes(event.key)) {
      event.preventDefault();
      const open = Boolean(rows.open[-row - 1]);
      if (event.key === "ArrowLeft" && !open && rows.parentRow(row)) this.go(rows.parentRow(row));
      else this.fold(row, event.key === "ArrowLeft" ? false : event.key === "ArrowRight" ? true : undefined);
    } else if (row !== null && row >= 0 && row < store.count && (event.key === "ArrowLeft" || event.key === "ArrowRight")) {
      event.preventDefault();
      const to = event.key === "ArrowLeft" ? store.inputs(row)[0] : store.users(row)[0];
      if (to !== undefined) this.go(to);
    }
  }

  go(row) {
    this.choose(row);
    this.reveal(row);
  }
}
