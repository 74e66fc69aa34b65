// What views of costs have in common: numbers as text, sliders for sizes, tables that sort, exports.

import { copied, download, el } from "./dom.js";

export const COST_CSS = `.wb-cost-bar { display: flex; flex-wrap: wrap; gap: 6px 18px; align-items: center; padding: 8px 14px;
  border-bottom: 1px solid var(--wb-line); }
.wb-cost-group { display: inline-flex; flex-wrap: wrap; gap: 3px; align-items: center; }
.wb-cost-group > span { color: var(--wb-dim); font-size: 12px; margin-right: 4px; }
.wb-cost-sliders { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(300px, 100%), 1fr));
  gap: 4px 22px; padding: 8px 14px; border-bottom: 1px solid var(--wb-line); }
.wb-cost-slider { display: grid; grid-template-columns: minmax(4em, auto) minmax(60px, 1fr) 8.2em; gap: 8px;
  align-items: center; }
.wb-cost-slider label { font-family: var(--jp-code-font-family, monospace); font-size: 12px; overflow-wrap: anywhere; }
.wb-view .wb-cost-slider input { margin: 0; min-width: 0; width: 100%; accent-color: var(--wb-accent); font: inherit;
  font-size: 12px; color: var(--wb-fg); }
.wb-view .wb-cost-slider input[type="number"] { background: var(--wb-bg); border: 1px solid var(--wb-line);
  border-radius: 4px; padding: 2px 5px; }
.wb-cost-group .wb-button[aria-checked="true"] { border-color: var(--wb-accent); color: var(--wb-accent);
  box-shadow: inset 0 0 0 1px var(--wb-accent); }
.wb-cost-tools { margin-left: auto; display: inline-flex; flex-wrap: wrap; gap: 4px; align-self: center; }
.wb-cost-facts { min-height: 2.9em; padding: 5px 14px; border-top: 1px solid var(--wb-line); font-size: 12.5px;
  font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.wb-cost-facts:empty::before { content: attr(data-hint); color: var(--wb-dim); }
.wb-cost-sort { all: unset; cursor: pointer; white-space: nowrap; }
.wb-cost-sort::after { content: "  ↕"; opacity: .45; font-size: 10px; white-space: pre; }
th[aria-sort="ascending"] .wb-cost-sort::after { content: "  ↑"; opacity: 1; }
th[aria-sort="descending"] .wb-cost-sort::after { content: "  ↓"; opacity: 1; }
.wb-chart .wb-cost-facts { border: 0; min-height: 1.8em; padding: 4px 0; }
.wb-chart .wb-cost-group { margin-top: 2px; }
.wb-chart svg:focus-visible { outline: 2px solid var(--wb-accent); outline-offset: 2px; }
.wb-chart text { user-select: none; }
.wb-cost-note { padding: 4px 14px; color: var(--wb-no); font-size: 12px; }`;

/** The static view, alive: with rules of its own, and its keys kept from JupyterLab. */
export function costAlive(element, label, css = "") {
  const view = element.querySelector(".wb-view");
  view.classList.add("wb-alive");
  view.setAttribute("role", "group");
  view.setAttribute("aria-label", label);
  view.append(el("style", {}, COST_CSS + css));
  view.addEventListener("keydown", event => event.stopPropagation());
  return view;
}

// ---------------------------------------------------------------------- numbers
/** A number as answers have it: those that JSON does not know travel as words. */
export const costNumber = value =>
  typeof value === "number" ? value : value === "inf" ? Infinity : value === "-inf" ? -Infinity : NaN;

const COST_PREFIXES = [["P", 1e15], ["T", 1e12], ["G", 1e9], ["M", 1e6], ["k", 1e3]];

const costDigits = value => String(Number(value.toPrecision(3)));

/** Three digits and a prefix. */
export function costShort(value) {
  if (Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const found = COST_PREFIXES.find(([, factor]) => Math.abs(value) >= factor);
  return found ? `${costDigits(value / found[1])} ${found[0]}` : costDigits(value);
}

export const costBytes = value => (Math.abs(value) >= 1e3 ? `${costShort(value)}B` : `${costShort(value)} B`);

export function costSeconds(value) {
  if (!Number.isFinite(value)) return "–";
  if (value === 0) return "0 s";
  for (const [unit, factor] of [["s", 1], ["ms", 1e-3], ["µs", 1e-6]]) {
    if (value >= factor) return `${costDigits(value / factor)} ${unit}`;
  }
  return `${costDigits(value / 1e-9)} ns`;
}

/** All digits of whole numbers, thousands set apart, as the static tables have them. */
export function costFigure(value) {
  if (!Number.isFinite(value)) return costShort(value);
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return value.toLocaleString("en-US");
  return Number(value.toPrecision(6)).toLocaleString("en-US", { maximumSignificantDigits: 6 });
}

export const costMultiple = value => (!Number.isFinite(value) ? "–" : value >= 100
  ? Math.round(value).toLocaleString("en-US") : costDigits(value));

/** A share as a bar's width. */
export const costWidth = share => `${100 * Math.min(Math.max(share || 0, 0), 1)}%`;

export const costSizes = sizes => Object.entries(sizes).map(([name, size]) => `${name} = ${costFigure(size)}`).join(", ");

// ---------------------------------------------------------------------- controls
export const COST_HINT = "point into the picture, or use the arrow keys in it";

/** A line that says what is pointed at, and before that how to point. */
export const costSaid = hint => el("div", { class: "wb-cost-facts", role: "status", "data-hint": hint });

/** A row of buttons of which one is pressed; the arrow keys move among them. `choices`: [[value, text], ...]. */
export function costSwitch(label, choices, chosen, act) {
  const buttons = choices.map(([value, text]) => el("button", {
    type: "button", class: "wb-button", role: "radio", "data-value": value, onclick: () => choose(value),
  }, text));
  const choose = value => {
    for (const button of buttons) {
      const on = button.dataset.value === value;
      button.setAttribute("aria-checked", on);
      button.tabIndex = on ? 0 : -1;
    }
    act(value);
  };
  const group = el("span", { class: "wb-cost-group", role: "radiogroup", "aria-label": label }, el("span", {}, label), buttons);
  group.addEventListener("keydown", event => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const from = buttons.indexOf(event.target);
    if (!step || from < 0) return;
    event.preventDefault();
    const next = buttons[(from + step + buttons.length) % buttons.length];
    choose(next.dataset.value);
    next.focus();
  });
  choose(chosen);
  return group;
}

const costIsShare = name => /^(taken|there)\(/.test(name);

/** A slider, logarithmic but for shares, with a number beside it, for each size. `sizes` is kept up to date. */
export function costSliders(sizes, changed) {
  const rows = Object.keys(sizes).map((name, place) => {
    const share = costIsShare(name);
    const top = share ? 1 : name.startsWith("trips(") ? 4 : 6; // (of sizes the power of ten)
    const placeOf = size => (share ? size : size < 1 ? 0 : Math.min(Math.log10(size), top));
    const sizeOf = at => {
      if (share) return at;
      const size = 10 ** at;
      const digit = 10 ** Math.max(0, Math.floor(at) - 1); // two digits: what is read off a slider is round
      return Math.max(1, Math.round(size / digit) * digit);
    };
    const id = `wb-cost-${Math.random().toString(36).slice(2)}-${place}`;
    const range = el("input", { type: "range", min: 0, max: top, step: 0.01, "aria-label": name,
      oninput: () => set(sizeOf(Number(range.value)), range) });
    const number = el("input", { type: "number", id, min: 0, max: share ? 1 : 1e9, step: share ? 0.01 : "any",
      oninput: () => number.value !== "" && number.checkValidity() && set(Number(number.value), number) });
    const set = (size, from) => {
      sizes[name] = size;
      if (from !== range) range.value = placeOf(size);
      if (from !== number) number.value = size;
      range.setAttribute("aria-valuetext", `${name} = ${costFigure(size)}`);
      if (from) changed();
    };
    set(sizes[name], null);
    return el("div", { class: "wb-cost-slider" }, el("label", { for: id }, name), range, number);
  });
  return el("div", { class: "wb-cost-sliders", role: "group", "aria-label": "sizes" }, rows);
}

/** Asks for numbers at sizes, one question at a time: of those that came meanwhile the last is asked. */
export function costAsker(link, view, show) {
  let asked = null;
  let open = false;
  const note = el("div", { class: "wb-cost-note", role: "status", hidden: true });
  view.append(note);
  const next = async () => {
    open = true;
    while (asked) {
      const { dims, begun } = asked;
      asked = null;
      try {
        show(await link.ask({ what: "at", dims }));
        note.hidden = true;
        view.dataset.costLatency = (performance.now() - begun).toFixed(1);
      } catch (error) {
        note.textContent = `not up to date: ${error.message}`;
        note.hidden = false;
      }
    }
    open = false;
  };
  return dims => {
    asked = { dims: { ...dims }, begun: performance.now() };
    if (!open) next();
  };
}

// ---------------------------------------------------------------------- tables
/** Have a table's columns sort: numbers largest first, texts from A on; then the other way, then as they were. */
export function costSort(table) {
  const body = table.tBodies[0];
  const heads = Array.from(table.tHead?.rows[0].cells ?? []);
  heads.forEach((head, column) => {
    const title = head.textContent;
    if (!title.trim() || body.rows.length < 2) return;
    head.replaceChildren(el("button", { type: "button", class: "wb-cost-sort", onclick: () => sort(head, column) }, title));
  });
  const sort = (head, column) => {
    const rows = Array.from(body.rows); // as they are now: other sizes may have other rows
    const numeric = rows.some(row => row.cells[column].dataset.v !== undefined);
    const ways = numeric ? ["descending", "ascending"] : ["ascending", "descending"];
    const way = ways[ways.indexOf(head.getAttribute("aria-sort")) + 1];
    for (const other of heads) other.removeAttribute("aria-sort");
    if (way) head.setAttribute("aria-sort", way);
    const worth = row => {
      const cell = row.cells[column];
      return numeric ? (cell.dataset.v === undefined ? null : Number(cell.dataset.v)) : cell.textContent;
    };
    body.append(...rows.sort((a, b) => {
      if (!way) return a.dataset.k - b.dataset.k;
      const [x, y] = [worth(a), worth(b)];
      if (x === null || y === null) return (x === null) - (y === null);
      const found = numeric ? x - y : x.localeCompare(y, "en", { numeric: true });
      return way === "descending" ? -found : found;
    }));
  };
}

/** Other rows, in their own order. */
export function costRows(table, rows) {
  table.tBodies[0].replaceChildren(...rows);
  for (const head of table.tHead.rows[0].cells) head.removeAttribute("aria-sort");
}

/** All tables as Markdown. */
export function costMarkdown(view) {
  const text = cell => cell.textContent.trim().replaceAll("|", "\\|");
  const tables = Array.from(view.querySelectorAll("table"));
  return tables.map(table => {
    const rows = Array.from(table.rows).map(row => Array.from(row.cells).map(text));
    const width = Math.max(...rows.map(row => row.length));
    const kept = Array.from({ length: width }, (_, k) => k).filter(k => rows.some(row => row[k]));
    const lines = rows.map(row => `| ${kept.map(k => row[k] ?? "").join(" | ")} |`);
    return [lines[0], `|${kept.map(() => "---").join("|")}|`, ...lines.slice(1)].join("\n");
  }).join("\n\n");
}

/** Put text into a cell, and what it is worth. */
export function costFill(cell, text, value) {
  cell.textContent = text;
  if (Number.isNaN(value)) delete cell.dataset.v;
  else cell.dataset.v = value;
}

// ---------------------------------------------------------------------- exports
/** A button that says shortly whether what it did was done. */
export function costButton(text, act, label = null) {
  const button = el("button", { type: "button", class: "wb-button", "aria-label": label, onclick: async () => {
    const done = await act();
    button.textContent = done === false ? "not allowed" : "✓";
    setTimeout(() => { button.textContent = text; }, 1200);
  } }, text);
  return button;
}

/** In the head: copy as text or as Markdown, data as JSON. */
export function costTools(view, name, data, link) {
  const file = `${name.replace(/\W+/g, "-").replace(/^-|-$/g, "") || "cost"}`;
  view.querySelector(".wb-head").append(el("span", { class: "wb-cost-tools" },
    costButton("copy", async () => copied(await link.ask({ what: "text" })), "copy as text"),
    costButton("Markdown", () => copied(costMarkdown(view)), "copy tables as Markdown"),
    costButton("JSON", () => download(`${file}.json`, JSON.stringify(data, null, 1), "application/json"), "save as JSON")));
  return file;
}

/** Buttons below a picture that save what `current` gives. */
export function costPictures(file, current) {
  return el("span", { class: "wb-cost-group" },
    costButton("SVG", () => download(`${file}.svg`, costSvgText(current()), "image/svg+xml"), "save the picture as SVG"),
    costButton("PNG", () => costPng(file, current()), "save the picture as PNG"));
}

/** A picture by itself: the page's ink and ground go with it. */
function costSvgText(picture) {
  const style = getComputedStyle(picture.closest(".wb-view"));
  const copy = picture.cloneNode(true);
  for (const node of copy.querySelectorAll("[data-only-live]")) node.remove();
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("style", `color: ${style.color}; background: ${style.backgroundColor}`);
  return new XMLSerializer().serializeToString(copy);
}

async function costPng(file, picture) {
  const [width, height] = [picture.viewBox.baseVal.width, picture.viewBox.baseVal.height];
  const ground = getComputedStyle(picture.closest(".wb-view")).backgroundColor;
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(costSvgText(picture))}`;
  await image.decode();
  const canvas = el("canvas", { width: 2 * width, height: 2 * height });
  const paper = canvas.getContext("2d");
  paper.fillStyle = ground;
  paper.fillRect(0, 0, canvas.width, canvas.height);
  paper.drawImage(image, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise(resolve => canvas.toBlob(resolve, "image/png"));
  download(`${file}.png`, blob, "image/png");
}

/** Sliders for the open sizes and a switch between formulas and numbers above a table that is filled by
 *  `draw(numbers, sizes, asNumbers)`, now and whenever one of them moves. */
export function costTableAtSizes(link, view, open, draw) {
  const sizes = { ...open };
  let [numbers, asNumbers] = [null, false];
  const redraw = () => { if (numbers) draw(numbers, sizes, asNumbers); };
  const ask = costAsker(link, view, found => {
    numbers = found;
    redraw();
  });
  const shown = costSwitch("figures as", [["formulas", "formulas"], ["numbers", "numbers"]], "formulas", value => {
    asNumbers = value === "numbers";
    redraw();
  });
  view.querySelector(".wb-head").after(el("div", { class: "wb-cost-bar" }, shown), costSliders(sizes, () => ask(sizes)));
  ask(sizes);
}
