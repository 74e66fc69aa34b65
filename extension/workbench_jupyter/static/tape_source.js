// The source beside the list: how many nodes each line made; a line is a filter, a selected node lights its line.

import { el } from "./dom.js";
import { tapeCount } from "./tape_store.js";

export const TAPE_SOURCE_CSS = `
.wb-t-source { overflow: auto; min-height: 0; font-family: var(--jp-code-font-family, monospace); font-size: 12px; line-height: 1.55; padding: 4px 0; }
.wb-t-sourcehead { padding: 4px 12px 2px; color: var(--wb-dim); font-family: var(--jp-ui-font-family, system-ui, sans-serif); font-size: 11.5px; }
.wb-t-line { display: grid; grid-template-columns: 3em 4.6em minmax(0, 1fr); gap: 0 8px; padding-right: 8px; border-left: 3px solid transparent; cursor: default; }
.wb-t-line[data-count] { cursor: pointer; } .wb-t-line[data-count]:hover { background: var(--wb-panel); }
.wb-t-line > :first-child { text-align: right; color: var(--wb-dim); }
.wb-t-line > :nth-child(2) { text-align: right; color: var(--wb-dim); background: linear-gradient(to left, var(--wb-hit) var(--share, 0%), transparent 0); padding-right: 3px; font-variant-numeric: tabular-nums; }
.wb-t-line > :last-child { white-space: pre; overflow: hidden; text-overflow: ellipsis; }
.wb-t-line.wb-t-lit { background: var(--wb-hit); border-left-color: var(--wb-accent); }
.wb-t-line[aria-selected="true"] { box-shadow: inset 0 0 0 1px var(--wb-accent); }`;

export class TapeSource {
  constructor(store, state) {
    Object.assign(this, { store, state });
    this.lines = new Map(); // by place
    this.element = el("div", { class: "wb-t-source", role: "listbox", "aria-label": "source: choose a line to see its nodes" });
    const placeAt = new Map(store.data.places.map((place, index) => [`${place.file}\n${place.line}`, index]));
    for (const source of store.data.sources) {
      this.element.append(el("div", { class: "wb-t-sourcehead", role: "presentation" }, `${source.name} · ${source.at}`));
      source.lines.forEach((text, k) => {
        const place = placeAt.get(`${source.path}\n${source.first + k}`);
        const line = el("div", { class: "wb-t-line", role: "option", "aria-selected": "false" },
          el("span", {}, source.first + k), el("span"), tapeCode(text, source.marks[k] ?? []));
        if (place !== undefined) {
          line.dataset.place = place;
          this.lines.set(place, line);
        }
        this.element.append(line);
      });
    }
    this.element.addEventListener("click", event => {
      const line = event.target.closest("[data-place]");
      if (line) this.choose(Number(line.dataset.place));
    });
    this.element.addEventListener("keydown", event => this.key(event));
    state.listen(changed => { if (changed.has("selected") || changed.has("line") || changed.has("current")) this.light(); });
  }

  /** All nodes are there. */
  count() {
    const counts = new Int32Array(this.store.data.places.length);
    for (let k = 0; k < this.store.count; k++) counts[this.store.place[k]]++;
    this.state.change({ counts });
    let most = 1;
    for (let place = 1; place < counts.length; place++) most = Math.max(most, counts[place]);
    let first = true;
    for (const [place, line] of this.lines) {
      line.dataset.count = counts[place];
      line.tabIndex = first ? 0 : -1;
      first = false;
      line.children[1].textContent = counts[place].toLocaleString("en");
      line.children[1].style.setProperty("--share", `${(100 * counts[place]) / most}%`);
      line.setAttribute("aria-label", `line ${this.store.data.places[place].line}, ${tapeCount(counts[place])}: ${line.children[2].textContent}`);
    }
  }

  choose(place) {
    this.state.change({ line: this.state.line === place ? null : place });
  }

  key(event) {
    const lines = Array.from(this.lines.values()), at = lines.indexOf(event.target), step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (at < 0 || (!step && event.key !== "Enter" && event.key !== " ")) return;
    event.preventDefault();
    event.stopPropagation();
    if (!step) return this.choose(Number(lines[at].dataset.place));
    const next = lines[Math.max(0, Math.min(lines.length - 1, at + step))];
    lines[at].tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }

  light() {
    const { selected, current, line } = this.state, { store } = this;
    const lit = selected === null ? (current === null ? -1 : store.place[current]) : selected >= store.count ? selected - store.count
      : selected >= 0 ? store.place[selected] : -1;
    for (const [place, element] of this.lines) {
      element.classList.toggle("wb-t-lit", place === lit);
      element.setAttribute("aria-selected", String(place === line));
      if (place === lit) {
        const box = this.element, top = element.offsetTop - box.offsetTop;
        if (top < box.scrollTop || top > box.scrollTop + box.clientHeight - 24) box.scrollTop = top - box.clientHeight / 3;
      }
    }
  }
}

/** A line of a program, its words coloured: texts are text nodes. */
function tapeCode(text, marks) {
  const line = el("span", { title: text.trim() });
  let at = 0;
  for (const [start, stop, name] of marks) {
    if (start < at) continue;
    line.append(text.slice(at, start), el("span", { class: `wb-${name}` }, text.slice(start, stop)));
    at = stop;
  }
  line.append(text.slice(at));
  return line;
}
