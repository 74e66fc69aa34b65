// Charts of costs: axes, ticks, and a read-out for what is pointed at or reached by the arrow keys. SVG in the page's ink.

import { svg } from "./dom.js";

export const CHART_COLOURS = ["#4c8dea", "#e8743b", "#2ea27c", "#b567d6", "#d0a215", "#d6527f", "#19a3c7", "#7a9a28"];

/** From values to places in the picture. */
export function chartScale(low, high, start, stop, log = false) {
  const move = value => (log ? Math.log10(value) : value);
  const [a, b] = [move(low), move(high)];
  const span = b - a || 1;
  return { low, high, start, stop, log, at: value => start + ((move(value) - a) / span) * (stop - start) };
}

/** Round values along a scale, at most about `most`. */
export function chartTicks(scale, most) {
  if (scale.log) {
    const [a, b] = [Math.log10(scale.low), Math.log10(scale.high)];
    const powers = [];
    for (let k = Math.ceil(a - 1e-9); k <= b + 1e-9; k++) powers.push(k);
    const every = Math.max(1, Math.ceil(powers.length / most));
    const factors = powers.length * 3 <= most ? [1, 2, 5] : [1];
    const found = [];
    for (let k = Math.floor(a); k <= b; k++) {
      if (k % every === 0) found.push(...factors.map(factor => factor * 10 ** k));
    }
    return found.filter(value => value >= scale.low * (1 - 1e-9) && value <= scale.high * (1 + 1e-9));
  }
  const raw = (scale.high - scale.low) / most;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map(factor => factor * power).find(size => size >= raw * (1 - 1e-12)) ?? power;
  const found = [];
  for (let k = Math.ceil(scale.low / step - 1e-9); k * step <= scale.high + 1e-9 * step; k++) found.push(k * step);
  return found;
}

/** Axes with ticks and titles. `xTicks`, `yTicks`: [[place, text], ...]; without `grid` no lines go through. */
export function chartFrame({ width, height, x, y, xTicks, yTicks, xTitle, yTitle, label, grid = true }) {
  const line = (x1, y1, x2, y2) => svg("line", { x1, y1, x2, y2, stroke: "currentColor", "stroke-opacity": grid ? 0.14 : 0 });
  const [left, right] = [x.start, x.stop];
  const [bottom, top] = [y.start, y.stop];
  return svg("svg", {
    width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label, tabindex: 0,
    "font-family": "system-ui, sans-serif", "font-size": 12, fill: "currentColor",
  },
  svg("rect", { x: left, y: top, width: right - left, height: bottom - top, fill: "none", stroke: "currentColor",
    "stroke-opacity": 0.35 }),
  xTicks.map(([at, text]) => [line(at, bottom, at, top),
    svg("text", { x: at, y: bottom + 17, "text-anchor": "middle" }, text)]),
  yTicks.map(([at, text]) => [line(left, at, right, at),
    svg("text", { x: left - 8, y: at + 4, "text-anchor": "end" }, text)]),
  svg("text", { x: (left + right) / 2, y: bottom + 38, "text-anchor": "middle" }, xTitle),
  svg("text", { transform: `translate(14,${(top + bottom) / 2}) rotate(-90)`, "text-anchor": "middle" }, yTitle));
}

/** The place of a pointer in a picture's own coordinates. */
export function chartPointer(picture, event) {
  const box = picture.getBoundingClientRect();
  return [(event.clientX - box.left) / box.width * picture.viewBox.baseVal.width,
    (event.clientY - box.top) / box.height * picture.viewBox.baseVal.height];
}

/**
 * Pointing, and the arrow keys, go along `count` places; `near(x, y)` is the place that a pointer is at, `show(place)`
 * marks it (null: nothing) and gives its text, which is also said to screen readers.
 */
export function chartFollow(picture, { count, near, show, first = 0 }, said) {
  let at = null;
  const go = place => {
    at = place;
    const text = show(place);
    said.textContent = text ?? "";
  };
  picture.addEventListener("pointermove", event => go(near(...chartPointer(picture, event))));
  picture.addEventListener("pointerleave", () => go(null));
  picture.addEventListener("blur", () => go(null));
  picture.addEventListener("keydown", event => {
    const step = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity }[event.key];
    if (!step || !count) return;
    event.preventDefault();
    go(at === null ? first : Math.max(0, Math.min(count - 1, at + step)));
  });
}
