// Stepping: the forward sweep, in which values are made, then the reverse sweep, in which adjoints are. One position goes
// through both: up to the number of nodes it counts values, beyond it the nodes swept back.

import { el } from "./dom.js";

export const TAPE_STEPS_CSS = `
.wb-t-steps { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 8px; padding: 7px 14px; border-bottom: 1px solid var(--wb-line); }
.wb-t-steps input[type="range"] { flex: 1 1 180px; min-width: 120px; accent-color: var(--wb-accent); }
.wb-t-steps .wb-button { min-width: 30px; } .wb-t-where { color: var(--wb-dim); font-size: 12px; min-width: 17em; }`;

export class TapeSteps {
  constructor(store, state) {
    Object.assign(this, { store, state });
    this.wanted = state.position; // where the last press leads, while the sweep is under way
    const n = store.count, button = (text, label, act) => el("button", { class: "wb-button", type: "button", "aria-label": label, title: label, onclick: act }, text);
    this.slider = el("input", { type: "range", min: 0, max: 2 * n, value: state.position, step: 1, "aria-label": "forward sweep, then reverse sweep" });
    this.slider.addEventListener("input", () => { this.stop(); this.go(Number(this.slider.value)); });
    this.play = button("▶", "play", () => (this.timer ? this.stop() : this.start()));
    this.where = el("span", { class: "wb-t-where", role: "status" });
    this.element = el("div", { class: "wb-t-steps", role: "toolbar", "aria-label": "step through the tape" },
      button("|◀", "to the beginning, no value yet", () => this.leap(0)), button("◀", "one step back", () => this.leap(this.wanted - 1)), this.play,
      button("▶|", "one step on", () => this.leap(this.wanted + 1)), button("⇥ values", "to the end of the forward sweep", () => this.leap(n)),
      button("⇤ adjoints", "to the end of the reverse sweep", () => this.leap(2 * n)), this.slider, this.where);
    this.element.addEventListener("keydown", event => event.stopPropagation());
    state.listen(changed => { if (changed.has("position")) this.say(); });
    this.say();
  }

  say() {
    const { position } = this.state, n = this.store.count;
    this.slider.value = position;
    const text = position < n ? `forward: ${position.toLocaleString("en")} of ${n.toLocaleString("en")} values`
      : position === n ? "all values; no adjoint yet" : position === 2 * n ? "all values, all adjoints"
        : `reverse: before node ${(2 * n - position).toLocaleString("en")}`;
    this.where.textContent = text;
    this.slider.setAttribute("aria-valuetext", text);
  }

  leap(position) {
    this.stop();
    return this.go(position);
  }

  async go(wanted) {
    if (!this.store.arrived) return;
    const n = this.store.count, position = Math.max(0, Math.min(2 * n, wanted));
    this.wanted = position;
    if (!(await this.store.sweepTo(Math.min(n, 2 * n - position)))) return;
    const whole = position === 0 || position === n || position === 2 * n;
    const current = whole && Math.abs(position - this.state.position) !== 1 ? null : position === 0 ? null : position <= n ? position - 1 : 2 * n - position;
    const last = position === this.state.position;
    this.state.change({ position, current, ...(current !== null && !last ? { selected: current } : {}) });
  }

  start() {
    if (this.state.position >= 2 * this.store.count) this.go(0);
    const n = this.store.count, wait = 2 * n <= 80 ? 250 : 60, by = Math.max(1, Math.round((2 * n * wait) / 20_000));
    this.play.textContent = "❚❚";
    this.play.setAttribute("aria-label", "pause");
    this.timer = setInterval(() => {
      if (this.state.position >= 2 * n || !this.element.isConnected) this.stop();
      else this.go(this.state.position + by);
    }, wait);
  }

  stop() {
    clearInterval(this.timer);
    this.timer = 0;
    this.play.textContent = "▶";
    this.play.setAttribute("aria-label", "play");
  }
}
