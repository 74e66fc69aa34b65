// Where did my gradient vanish? The magnitudes of the adjoints along the tape, and the first nodes, in the order of the
// reverse sweep, where one becomes NaN, infinite or zero.

import { el } from "./dom.js";
import { tapeNumber } from "./tape_store.js";

const TAPE_AXIS = 40; // pixels, for the numbers at the left

export const TAPE_STRIP_CSS = `
.wb-t-stripbox { padding: 6px 14px 8px; border-top: 1px solid var(--wb-line); }
.wb-t-stripbox > .wb-kind { display: flex; flex-wrap: wrap; gap: 4px 10px; align-items: baseline; }
.wb-t-strip { width: 100%; height: 72px; display: block; cursor: crosshair; }
.wb-t-finding { font: inherit; font-size: 12px; color: var(--wb-fg); background: none; border: 0; border-bottom: 1px dotted var(--wb-dim); padding: 0; cursor: pointer; text-align: left; }
.wb-t-finding.wb-t-bad { color: var(--wb-no); }`;

export class TapeStrip {
  constructor(store, state, colours) {
    Object.assign(this, { store, state, colours });
    this.canvas = el("canvas", { class: "wb-t-strip", tabindex: 0, role: "slider", "aria-label": "magnitude of the adjoints along the tape: choose a node" });
    this.found = el("span", { role: "status", style: { display: "contents" } });
    this.element = el("div", { class: "wb-t-stripbox" }, el("div", { class: "wb-kind" }, el("span", {}, "log₁₀ |adjoint| along the tape"), this.found), this.canvas);
    this.canvas.addEventListener("pointerdown", event => {
      this.at(event);
      const move = at => this.at(at);
      this.canvas.setPointerCapture(event.pointerId);
      this.canvas.addEventListener("pointermove", move);
      this.canvas.addEventListener("pointerup", () => this.canvas.removeEventListener("pointermove", move), { once: true });
    });
    this.canvas.addEventListener("keydown", event => {
      const width = Math.max(1, Math.floor(store.count / 100)), now = state.selected ?? 0;
      const next = { ArrowLeft: now - 1, ArrowRight: now + 1, PageUp: now - width, PageDown: now + width, Home: 0, End: store.count - 1 }[event.key];
      if (next === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      state.change({ selected: Math.max(0, Math.min(store.count - 1, next)) });
    });
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.canvas);
    state.listen(changed => { if (changed.has("selected") || changed.has("position")) this.later(); });
  }

  close() {
    this.observer.disconnect();
  }

  at(event) {
    const box = this.canvas.getBoundingClientRect();
    const node = Math.floor(((event.clientX - box.left - TAPE_AXIS) / (box.width - TAPE_AXIS)) * this.store.count);
    this.state.change({ selected: Math.max(0, Math.min(this.store.count - 1, node)) });
  }

  async load() {
    this.events = await this.store.findings();
    this.canvas.setAttribute("aria-valuemin", 0);
    this.canvas.setAttribute("aria-valuemax", this.store.count - 1);
    this.found.replaceChildren(...this.says());
    this.draw();
  }

  says() {
    const { store, events } = this, made = [], many = n => n.toLocaleString("en");
    const go = (text, node, bad) => el("button", { class: `wb-t-finding${bad ? " wb-t-bad" : ""}`, type: "button", onclick: () => this.state.change({ selected: node }) }, text);
    for (const [kind, word, count] of [["nan", "NaN", events.nans], ["inf", "infinite", events.infs]]) {
      const event = events[kind];
      if (!event) continue;
      const by = event.by === undefined ? "" : `, by ${store.what(event.by)}`;
      made.push(go(`first ${word}: #${event.node} ${store.what(event.node)}${by} (${many(count)} in the end)`, event.node, true));
    }
    if (events.zero) {
      const { node, by } = events.zero;
      made.push(go(`first zero: #${node} ${store.what(node)}, by ${store.what(by)} (${many(events.zeros)} zeros)`, node, false));
    }
    if (events.largest >= 0) made.push(go(`largest ${tapeNumber(Math.abs(store.full[events.largest]), 3)} at #${events.largest}`, events.largest));
    if (events.smallest >= 0) made.push(go(`smallest ${tapeNumber(Math.abs(store.full[events.smallest]), 3)} at #${events.smallest}`, events.smallest));
    if (events.unused) made.push(el("span", {}, `${many(events.unused)} nodes do not reach the result`));
    return made;
  }

  later() {
    if (!this.pending) this.pending = requestAnimationFrame(() => { this.pending = 0; this.draw(); });
  }

  /** For each pixel the range of magnitudes, and whether there are zeros or numbers that are not finite: made once a width. */
  columns(width) {
    if (this.made?.width === width) return this.made;
    const { full, count } = this.store, low = new Float64Array(width).fill(Infinity), high = new Float64Array(width).fill(-Infinity);
    const zero = new Uint8Array(width), odd = new Uint8Array(width);
    let least = Infinity, most = -Infinity;
    for (let k = 0; k < count; k++) {
      const first = Math.floor((k * width) / count), size = Math.abs(full[k]);
      if (size === 0) zero[first] = 1;
      else if (!Number.isFinite(size)) odd[first] = 1;
      else {
        const power = Math.log10(size);
        low[first] = Math.min(low[first], power);
        high[first] = Math.max(high[first], power);
        least = Math.min(least, power);
        most = Math.max(most, power);
      }
    }
    return (this.made = { width, low, high, zero, odd, least: Math.floor(least - 0.2), most: Math.ceil(most + 0.2) });
  }

  draw() {
    const { canvas, store, state } = this, w = canvas.clientWidth, h = canvas.clientHeight, ratio = devicePixelRatio || 1;
    if (!store.full || w <= TAPE_AXIS) return;
    canvas.width = Math.round(w * ratio);
    canvas.height = Math.round(h * ratio);
    const c = canvas.getContext("2d"), colour = this.colours(), room = w - TAPE_AXIS, span = store.count < room ? room / store.count : 1;
    const { low, high, zero, odd, least, most } = this.columns(Math.min(room, store.count));
    const y = power => 10 + ((most - power) / (most - least || 1)) * (h - 22);
    c.scale(ratio, ratio);
    c.fillStyle = colour.panel;
    c.fillRect(TAPE_AXIS, 0, room, h);
    c.strokeStyle = colour.line;
    c.fillStyle = colour.dim;
    c.font = "10px sans-serif";
    const step = Math.max(1, Math.ceil((most - least) / 4));
    for (let power = least; power <= most; power += step) {
      c.beginPath();
      c.moveTo(TAPE_AXIS, y(power));
      c.lineTo(w, y(power));
      c.stroke();
    }
    for (let k = 0; k < low.length; k++) {
      const x = TAPE_AXIS + k * span, wide = Math.max(1, span - (span > 4 ? 1 : 0));
      if (high[k] > -Infinity) {
        c.fillStyle = colour.accent;
        const top = Math.max(0, y(high[k]) - 1), size = Math.max(2.5, y(low[k]) - top + 1);
        c.fillRect(x, top, wide, size);
      }
      if (zero[k]) { c.fillStyle = colour.dim; c.fillRect(x, h - 5, wide, 4); }
      if (odd[k]) { c.fillStyle = colour.no; c.fillRect(x, 0, wide, 6); }
    }
    c.fillStyle = colour.dim;
    c.textAlign = "right";
    c.textBaseline = "middle";
    for (let power = least; power <= most; power += step) c.fillText(`1e${power}`, TAPE_AXIS - 5, y(power));
    const mark = (node, stroke) => {
      const x = Math.min(w - 1, TAPE_AXIS + ((node + 0.5) / store.count) * room);
      c.strokeStyle = stroke;
      c.lineWidth = 1.5;
      c.beginPath();
      c.moveTo(x, 0);
      c.lineTo(x, h);
      c.stroke();
    };
    if (state.current !== null) mark(state.current, colour.h1);
    if (state.selected !== null && state.selected >= 0 && state.selected < store.count) {
      mark(state.selected, colour.fg);
      canvas.setAttribute("aria-valuenow", state.selected);
      canvas.setAttribute("aria-valuetext", `node ${state.selected}, adjoint ${tapeNumber(store.full[state.selected])}`);
    }
  }
}
