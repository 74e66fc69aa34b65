// The graph on a canvas: only what is in view is drawn; zoom with the wheel and with + and −, pan by dragging and with the
// arrow keys. The list holds the same nodes for those who do not see the picture.

import { el } from "./dom.js";
import { tapeGraph, tapeLayout } from "./tape_layout.js";
import { tapeCount, tapeNumber } from "./tape_store.js";

export const TAPE_SYMBOLS = { add: "+", sub: "−", mul: "×", div: "÷", neg: "−x", pow: "^" };
const TAPE_EDGES_SEEN = 12_000; // beyond that many vertices in view edges are a grey haze, and are left out

export class TapeCanvas {
  constructor(store, rows, state) {
    Object.assign(this, { store, rows, state });
    this.scale = 1;
    this.left = 0;
    this.top = 0;
    this.canvas = el("canvas", { class: "wb-t-canvas", tabindex: 0, role: "img" });
    this.observer = new ResizeObserver(() => { if (this.unseen) this.fit(); else this.later(); });
    this.observer.observe(this.canvas);
    this.canvas.addEventListener("wheel", event => this.wheel(event), { passive: false });
    this.canvas.addEventListener("pointerdown", event => this.press(event));
    this.canvas.addEventListener("dblclick", event => this.unfold(this.under(event)));
    this.canvas.addEventListener("keydown", event => this.key(event));
    this.themes = new MutationObserver(() => {
      for (const wait of [0, 400]) setTimeout(() => { this.later(); this.recoloured?.(); }, wait); // style sheets come late
    });
    this.themes.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light"] });
    state.listen(changed => {
      if (changed.has("selected") && state.from !== this) this.reveal();
      this.later();
    });
  }

  close() {
    this.observer.disconnect();
    this.themes.disconnect();
  }

  /** Lay out anew; with `keep` the place in the picture stays as it is. */
  rebuild(mode, keep = false) {
    this.graph = tapeGraph(this.store, this.rows, mode);
    this.plan = tapeLayout(this.graph);
    this.canvas.setAttribute("aria-label", `graph of ${this.graph.size} ${mode === "lines" ? "lines" : "vertices"}; arrow keys `
      + "move it, plus and minus zoom, 0 shows all of it; the list has the same nodes");
    if (!keep) {
      const wide = Math.min(1, Math.max(0.55, (this.canvas.clientWidth - 24) / (this.plan.width + this.graph.box.width)));
      this.canvas.style.height = `${Math.round(Math.min(380, Math.max(150, (this.plan.height + this.graph.box.height) * wide + 50)))}px`;
      this.fit();
    }
    this.later();
  }

  /** Show all of it, or its beginning where all would be too small to read. */
  fit(all = false) {
    const { clientWidth: w, clientHeight: h } = this.canvas, { width, height } = this.plan, v = this.graph.box;
    this.unseen = !w;
    const whole = Math.min((w - 24) / (width + v.width), (h - 24) / (height + v.height), 1);
    this.scale = all || whole >= 0.55 ? whole : 0.8;
    const fits = this.scale <= whole * 1.001;
    this.left = fits ? width / 2 - w / 2 / this.scale : -v.width / 2 - 12 / this.scale;
    const { order, begins, y } = this.plan, first = order.length ? y[order[0]] : 0, last = order.length ? y[order[begins[1] - 1]] : 0;
    const middle = (last - first) * this.scale < h - 60 ? (first + last) / 2 - h / 2 / this.scale : first - 40 / this.scale;
    this.top = fits || height * this.scale < h ? height / 2 - h / 2 / this.scale : middle;
    this.later();
  }

  vertexOf(row) {
    if (row === null || !this.graph) return -1;
    if (row >= 0 && row < this.store.count) return this.graph.owner[row];
    if (!this.graph.vertices) return -1;
    const exact = this.graph.vertices.indexOf(row);
    return exact >= 0 || row >= 0 || !this.rows.groups ? exact : this.graph.owner[this.rows.groups.first[-row - 1]];
  }

  rowOf(vertex) {
    return this.graph.vertices ? this.graph.vertices[vertex] : vertex;
  }

  reveal() {
    const v = this.vertexOf(this.state.selected);
    if (v < 0) return;
    const { clientWidth: w, clientHeight: h } = this.canvas, x = (this.plan.x(v) - this.left) * this.scale, y = (this.plan.y[v] - this.top) * this.scale;
    if (x > 30 && x < w - 30 && y > 15 && y < h - 15) return;
    this.left = this.plan.x(v) - w / 2 / this.scale;
    this.top = this.plan.y[v] - h / 2 / this.scale;
  }

  zoom(factor, x = this.canvas.clientWidth / 2, y = this.canvas.clientHeight / 2) {
    const next = Math.min(2.5, Math.max(0.002, this.scale * factor));
    this.left += x / this.scale - x / next;
    this.top += y / this.scale - y / next;
    this.scale = next;
    this.later();
  }

  wheel(event) {
    if (!event.ctrlKey && document.activeElement !== this.canvas) return; // the page scrolls until the graph is clicked
    event.preventDefault();
    const box = this.canvas.getBoundingClientRect();
    this.zoom(Math.exp(-event.deltaY * 0.0015), event.clientX - box.left, event.clientY - box.top);
  }

  press(event) {
    const start = { x: event.clientX, y: event.clientY, left: this.left, top: this.top };
    this.canvas.setPointerCapture(event.pointerId);
    this.canvas.focus({ preventScroll: true });
    const move = at => {
      this.left = start.left - (at.clientX - start.x) / this.scale;
      this.top = start.top - (at.clientY - start.y) / this.scale;
      this.later();
    };
    const end = at => {
      this.canvas.removeEventListener("pointermove", move);
      if (Math.hypot(at.clientX - start.x, at.clientY - start.y) < 4) this.pick(this.under(event));
    };
    this.canvas.addEventListener("pointermove", move);
    this.canvas.addEventListener("pointerup", end, { once: true });
  }

  under(event) {
    const box = this.canvas.getBoundingClientRect(), { across, width, height } = this.graph.box;
    const x = (event.clientX - box.left) / this.scale + this.left, y = (event.clientY - box.top) / this.scale + this.top;
    const layer = Math.round(x / across), slack = Math.max(0, 4 / this.scale - width / 2);
    if (layer < 0 || layer >= this.plan.layers || Math.abs(x - layer * across) > width / 2 + slack) return -1;
    const { order, begins } = this.plan;
    let found = -1, distance = Math.max(height / 2, 5 / this.scale);
    for (let k = begins[layer]; k < begins[layer + 1]; k++) {
      const off = Math.abs(this.plan.y[order[k]] - y);
      if (off < distance) [found, distance] = [order[k], off];
    }
    return found;
  }

  pick(vertex) {
    if (vertex < 0) return;
    this.state.from = this;
    this.state.change({ selected: this.rowOf(vertex) });
    this.state.from = null;
  }

  unfold(vertex) {
    if (vertex < 0 || this.rowOf(vertex) >= 0) return;
    this.rows.toggle(this.rowOf(vertex), true);
    this.state.change({ folds: this.state.folds + 1 });
  }

  key(event) {
    const step = 60 / this.scale;
    const acts = {
      ArrowLeft: () => { this.left -= step; }, ArrowRight: () => { this.left += step; }, ArrowUp: () => { this.top -= step; },
      ArrowDown: () => { this.top += step; }, "+": () => this.zoom(1.25), "=": () => this.zoom(1.25), "-": () => this.zoom(0.8),
      0: () => this.fit(true), Home: () => { this.left = -this.graph.box.width; }, End: () => { this.left = this.plan.width - this.canvas.clientWidth / this.scale + this.graph.box.width; },
      Enter: () => this.unfold(this.vertexOf(this.state.selected)),
    };
    if (!(event.key in acts) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    acts[event.key]();
    this.later();
  }

  later() {
    if (!this.pending) this.pending = requestAnimationFrame(() => { this.pending = 0; if (this.plan) this.draw(); });
  }

  colours() {
    const style = getComputedStyle(this.canvas), read = name => style.getPropertyValue(name).trim();
    const made = {};
    for (const name of ["fg", "dim", "bg", "panel", "line", "accent", "no", "hit", "h0", "h1"]) {
      made[name] = this.resolved(read(`--wb-${name}`));
    }
    return made;
  }

  /** A colour that a canvas takes: variables in it are resolved by the browser. */
  resolved(text) {
    this.probe ??= this.canvas.parentElement.appendChild(el("span", { hidden: true }));
    this.probe.style.color = text;
    return getComputedStyle(this.probe).color || text;
  }

  /** The vertices in view. */
  visible() {
    const { plan, scale } = this, { across, width, height } = this.graph.box, w = this.canvas.clientWidth / scale, h = this.canvas.clientHeight / scale;
    const first = Math.max(0, Math.floor((this.left - width / 2) / across)), last = Math.min(plan.layers - 1, Math.ceil((this.left + w + width / 2) / across));
    const found = [];
    for (let k = first; k <= last; k++) {
      for (let i = plan.begins[k]; i < plan.begins[k + 1]; i++) {
        const y = plan.y[plan.order[i]];
        if (y > this.top - height && y < this.top + h + height) found.push(plan.order[i]);
      }
    }
    return found;
  }

  draw() {
    const { canvas, graph, plan, scale } = this, ratio = devicePixelRatio || 1, w = canvas.clientWidth, h = canvas.clientHeight;
    if (!w) return;
    if (canvas.width !== Math.round(w * ratio) || canvas.height !== Math.round(h * ratio)) {
      canvas.width = Math.round(w * ratio);
      canvas.height = Math.round(h * ratio);
    }
    const c = canvas.getContext("2d"), colour = this.colours(), seen = this.visible();
    c.setTransform(ratio, 0, 0, ratio, 0, 0);
    c.fillStyle = colour.bg;
    c.fillRect(0, 0, w, h);
    c.setTransform(ratio * scale, 0, 0, ratio * scale, -this.left * scale * ratio, -this.top * scale * ratio);
    const chosen = this.vertexOf(this.state.selected), current = this.state.current === null ? -1 : this.vertexOf(this.state.current);
    if (seen.length <= TAPE_EDGES_SEEN) this.edges(c, seen, colour, chosen);
    const ins = new Set(), outs = new Set();
    if (chosen >= 0) {
      for (let e = graph.starts[chosen]; e < graph.starts[chosen + 1]; e++) ins.add(graph.sources[e]);
      for (const v of seen) for (let e = graph.starts[v]; e < graph.starts[v + 1]; e++) if (graph.sources[e] === chosen) outs.add(v);
    }
    for (const v of seen) {
      const stroke = v === chosen ? colour.accent : ins.has(v) ? colour.h0 : outs.has(v) ? colour.h1 : null;
      this.vertex(c, v, plan.x(v), plan.y[v], colour, stroke, v === current);
    }
  }

  edges(c, seen, colour, chosen) {
    const { graph, plan, scale } = this, half = this.graph.box.width / 2, lit = [];
    const line = (a, b) => {
      const x0 = plan.x(a) + half, x1 = plan.x(b) - half, bend = Math.max((x1 - x0) / 2, 14);
      c.moveTo(x0, plan.y[a]);
      const span = plan.layer[b] - plan.layer[a], level = Math.abs(plan.y[a] - plan.y[b]) < this.graph.box.down * 0.6;
      const over = span > 1 && level ? Math.min(26 + 9 * span, 110) : 0; // past the vertices between, not under them
      if (scale < 0.2) c.lineTo(x1, plan.y[b]);
      else if (over) c.bezierCurveTo(x0 + bend * 0.6, plan.y[a] - over, x1 - bend * 0.6, plan.y[b] - over, x1, plan.y[b]);
      else c.bezierCurveTo(x0 + bend, plan.y[a], x1 - bend, plan.y[b], x1, plan.y[b]);
    };
    c.beginPath();
    for (const v of seen) {
      for (let e = graph.starts[v]; e < graph.starts[v + 1]; e++) {
        const source = graph.sources[e];
        if (v === chosen || source === chosen) lit.push([source, v]);
        else line(source, v);
      }
    }
    c.strokeStyle = colour.dim;
    c.globalAlpha = scale < 0.2 ? 0.25 : 0.5;
    c.lineWidth = Math.max(1, 0.7 / scale);
    c.stroke();
    c.globalAlpha = 1;
    if (graph.back.length) this.backward(c, colour);
    for (const [a, b] of lit) {
      c.beginPath();
      line(a, b);
      c.strokeStyle = b === chosen ? colour.h0 : colour.h1;
      c.lineWidth = Math.max(2, 1.4 / scale);
      c.stroke();
    }
  }

  /** What goes from a line to one that was there before it, or to itself: from turn to turn of a loop. */
  backward(c, colour) {
    const { graph, plan } = this, half = this.graph.box.width / 2, below = this.graph.box.down * 0.62;
    c.beginPath();
    for (const [a, b] of graph.back) {
      const x0 = plan.x(a) + half, x1 = plan.x(b) - half, y = Math.max(plan.y[a], plan.y[b]) + below;
      c.moveTo(x0, plan.y[a]);
      c.bezierCurveTo(x0 + 36, y, x1 - 36, y, x1, plan.y[b]);
    }
    c.setLineDash([5, 4]);
    c.strokeStyle = colour.accent;
    c.globalAlpha = 0.7;
    c.lineWidth = 1.2;
    c.stroke();
    c.setLineDash([]);
    c.globalAlpha = 1;
  }

  vertex(c, v, x, y, colour, stroke, now) {
    const { store, state, scale } = this, row = this.rowOf(v), { width, height } = this.graph.box, node = row >= 0 && row < store.count;
    const bar = node ? store.adjoint[row] : NaN, swept = state.position > store.count;
    const odd = node && swept && !Number.isFinite(bar), vanished = node && swept && bar === 0 && row >= store.at;
    c.globalAlpha = node && row >= state.position ? 0.45 : 1;
    c.beginPath();
    if (scale < 0.12) c.rect(x - width / 2, y - height / 2, width, height);
    else c.roundRect(x - width / 2, y - height / 2, width, height, node ? 8 : 3);
    c.fillStyle = odd ? colour.no : scale < 0.12 ? stroke ?? colour.accent : colour.panel;
    c.fill();
    if (scale >= 0.12) {
      if (now) { c.fillStyle = colour.hit; c.fill(); }
      c.lineWidth = stroke ? Math.max(2.4, 1.6 / scale) : 1.2;
      if (vanished) c.setLineDash([4, 3]);
      c.strokeStyle = stroke ?? (node ? colour.dim : colour.accent);
      c.stroke();
      c.setLineDash([]);
    }
    if (scale >= 0.42) this.label(c, row, node, x, y, odd ? colour.bg : colour.fg, odd ? colour.bg : colour.dim);
    c.globalAlpha = 1;
  }

  label(c, row, node, x, y, strong, weak) {
    const { store, state } = this, font = getComputedStyle(this.canvas).fontFamily, room = this.graph.box.width - 10;
    let first, second;
    if (node) {
      const name = store.name(row);
      first = TAPE_SYMBOLS[name] ? `${TAPE_SYMBOLS[name]}  #${row}` : `${name} #${row}`;
      second = row < state.position ? (state.position > store.count && (row >= store.at || store.adjoint[row] !== 0)
        ? `${tapeNumber(store.value[row], 3)}  ∂ ${tapeNumber(store.adjoint[row], 3)}` : tapeNumber(store.value[row], 5)) : "";
    } else if (row < 0) {
      const group = -row - 1, [head, ...rest] = this.rows.label(group).split(" · ");
      first = head;
      second = rest[0] ?? tapeCount(this.rows.groups.stop[group] - this.rows.groups.first[group]);
    } else {
      const place = row - store.count, { line } = store.data.places[place];
      first = line ? `${line}: ${store.texts.get(place)}` : "inputs";
      second = tapeCount(state.counts?.[place] ?? 0);
    }
    c.textAlign = "center";
    c.textBaseline = "middle";
    c.fillStyle = strong;
    c.font = `14px ${font}`;
    c.fillText(tapeShortened(c, first, room), x, second ? y - 8 : y);
    c.fillStyle = weak;
    c.font = `12px ${font}`;
    if (second) c.fillText(tapeShortened(c, second, room), x, y + 10);
  }

  /** The vertices in view as SVG. */
  svgText() {
    const { graph, plan } = this, seen = this.visible().slice(0, 4000), half = this.graph.box.width / 2, colour = this.colours();
    const escaped = text => String(text).replace(/[&<>"]/g, sign => `&#${sign.charCodeAt(0)};`);
    const parts = [];
    for (const v of seen) {
      for (let e = graph.starts[v]; e < graph.starts[v + 1]; e++) {
        const a = graph.sources[e], x0 = plan.x(a) + half, x1 = plan.x(v) - half, bend = Math.max((x1 - x0) / 2, 14);
        parts.push(`<path d="M${x0} ${plan.y[a]}C${x0 + bend} ${plan.y[a]} ${x1 - bend} ${plan.y[v]} ${x1} ${plan.y[v]}" fill="none" stroke="${colour.dim}"/>`);
      }
    }
    const written = [];
    const recorder = { measureText: text => ({ width: text.length * 7.2 }), fillText: (text, x, y) => written.push([text, x, y, recorder.font, recorder.fillStyle]) };
    for (const v of seen) {
      const row = this.rowOf(v), node = row >= 0 && row < this.store.count;
      parts.push(`<rect x="${plan.x(v) - half}" y="${plan.y[v] - this.graph.box.height / 2}" width="${this.graph.box.width}" height="${this.graph.box.height}" rx="${node ? 8 : 3}" fill="${colour.panel}" stroke="${node ? colour.dim : colour.accent}"/>`);
      this.label(recorder, row, node, plan.x(v), plan.y[v], colour.fg, colour.dim);
    }
    for (const [text, x, y, font, fill] of written) parts.push(`<text x="${x}" y="${y + 4}" text-anchor="middle" fill="${fill}" font-family="monospace" font-size="${parseFloat(font)}">${escaped(text)}</text>`);
    const xs = seen.map(v => plan.x(v)), ys = seen.map(v => plan.y[v]);
    const low = (list) => list.reduce((a, b) => Math.min(a, b), Infinity), high = list => list.reduce((a, b) => Math.max(a, b), -Infinity);
    const box = [low(xs) - half - 10, low(ys) - 30, high(xs) - low(xs) + 2 * half + 20, high(ys) - low(ys) + 60];
    return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${box.join(" ")}"><rect x="${box[0]}" y="${box[1]}" width="${box[2]}" height="${box[3]}" fill="${colour.bg}"/>${parts.join("")}</svg>`;
  }
}

function tapeShortened(c, text, room) {
  if (c.measureText(text).width <= room) return text;
  let low = 0, high = text.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (c.measureText(`${text.slice(0, middle)}…`).width <= room) low = middle;
    else high = middle - 1;
  }
  return `${text.slice(0, low)}…`;
}
