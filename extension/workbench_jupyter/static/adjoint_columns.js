// The programs side by side. Pointing at a line, or going to it by keyboard, lights up the lines of the others that
// stand for the same line of the source; a click keeps them lit. Arrow keys: up and down lines, left and right columns.

import { el } from "./dom.js";

const ADJOINT_NAMES = { source: "source", ir: "IR", adjoint: "adjoint" };
const ADJOINT_COLOURED = 1500; // lines of IR that are coloured
const ADJOINT_WIDE = 1080; // pixels from which on all three fit side by side

/** The columns of a view; null where it shows no program. */
export function adjointColumns(view, data) {
  const grid = view.querySelector(".wb-programs");
  if (!grid) return null;
  const columns = [];
  for (const name of Object.keys(ADJOINT_NAMES)) {
    const program = name === "ir" ? adjointIr(view, data) : view.querySelector(`.wb-${name}`);
    if (!program || !data[name]) continue;
    grid.append(program);
    columns.push(adjointColumn(name, program, data[name]));
  }
  const lighter = adjointLighter(columns);
  for (const column of columns) adjointKeys(column, columns, lighter);
  const width = view.getBoundingClientRect().width;
  const toggles = el("span", { class: "wb-group", role: "group", "aria-label": "programs" });
  for (const column of columns.length > 1 ? columns : []) {
    const button = el("button", { class: "wb-button", type: "button", onclick: () => show(!column.shown) },
      ADJOINT_NAMES[column.name]);
    const show = shown => {
      if (!shown && columns.filter(other => other.shown).length === 1) return; // one stays
      column.shown = shown;
      column.program.hidden = !shown;
      button.setAttribute("aria-pressed", String(shown));
    };
    show(column.name !== "ir" || width >= ADJOINT_WIDE);
    toggles.append(button);
  }
  return { all: columns, toggles, lighter, goTo: (name, number) => adjointGoTo(columns, lighter, name, number) };
}

/** The primal IR's column: from the static view, where it is whole there. */
function adjointIr(view, data) {
  const closed = view.querySelector(".wb-irs");
  if (!closed || !data.ir) return null;
  const program = closed.querySelector(".wb-ir");
  closed.remove();
  const code = program.querySelector(".wb-code");
  for (const line of data.ir.lines.slice(code.querySelectorAll(".wb-row").length)) {
    const match = line.of === null ? "" : ` wb-l${line.of}`;
    const indent = line.text.length - line.text.trimStart().length;
    code.append(el("span", { class: `wb-row${match}` }, el("span", { class: "wb-no" }, `${line.of ?? ""} `),
      el("span", { class: "wb-line", style: `--in: ${indent}` }, `${line.text}\n`)));
  }
  adjointColoured(code);
  return program;
}

/** Colour the names of operations. */
function adjointColoured(code) {
  const lines = Array.from(code.querySelectorAll(".wb-line"));
  for (const line of lines.length <= ADJOINT_COLOURED ? lines : []) {
    const found = /^(\s*(?:.* = )?)([a-z]\w*)(\(.*)$/s.exec(line.textContent);
    if (found) line.replaceChildren(found[1], el("span", { class: "wb-b" }, found[2]), found[3]);
  }
}

function adjointColumn(name, program, code) {
  const scroller = program.querySelector(".wb-code");
  const rows = Array.from(scroller.querySelectorAll(".wb-row"));
  const byLine = new Map();
  rows.forEach((row, k) => {
    const of = name === "source" ? code.lines[k].number : code.lines[k].of;
    row.of = of;
    row.place = k;
    if (of === null || of === undefined) return;
    if (!byLine.has(of)) byLine.set(of, []);
    byLine.get(of).push(row);
  });
  scroller.setAttribute("role", "list");
  scroller.setAttribute("aria-label", code.title);
  rows.forEach((row, k) => {
    row.tabIndex = k ? -1 : 0;
    row.setAttribute("role", "listitem");
  });
  return { name, program, scroller, rows, byLine, shown: true };
}

/** What is lit, and what is kept lit: `light(row)`, `pin(row)`. */
function adjointLighter(columns) {
  let lit = [];
  let pinned = null;
  const clear = name => {
    for (const row of lit) row.classList.remove(name);
  };
  const show = (of, from) => {
    clear("wb-lit");
    lit = of === null || of === undefined ? [] : columns.flatMap(column => column.byLine.get(of) ?? []);
    for (const row of lit) row.classList.add("wb-lit");
    for (const column of of === null || of === undefined ? [] : columns) {
      if (column !== from && column.shown) adjointReveal(column.scroller, column.byLine.get(of) ?? []);
    }
  };
  return {
    light(row, column) {
      if (pinned === null && row) show(row.of, column);
    },
    dark() {
      if (pinned === null) show(null);
    },
    pin(row, column) {
      const of = row?.of ?? null;
      const again = of === pinned;
      for (const other of lit) other.classList.remove("wb-pinned");
      pinned = again ? null : of;
      show(pinned ?? of, column);
      if (pinned !== null) for (const other of lit) other.classList.add("wb-pinned");
    },
    get pinned() {
      return pinned;
    },
  };
}

/** Scroll a column, and nothing around it, until some of these rows are seen. */
function adjointReveal(scroller, rows) {
  if (!rows.length) return;
  const top = scroller.scrollTop;
  const bottom = top + scroller.clientHeight;
  const at = row => row.offsetTop - scroller.offsetTop;
  if (rows.some(row => at(row) >= top && at(row) + row.offsetHeight <= bottom)) return;
  scroller.scrollTop = Math.max(0, at(rows[0]) - scroller.clientHeight / 3);
}

function adjointFocus(column, row) {
  for (const other of column.scroller.querySelectorAll('.wb-row[tabindex="0"]')) other.tabIndex = -1;
  row.tabIndex = 0;
  row.focus({ preventScroll: true });
  const { scroller } = column;
  const at = row.offsetTop - scroller.offsetTop;
  if (at < scroller.scrollTop || at + row.offsetHeight > scroller.scrollTop + scroller.clientHeight) {
    row.scrollIntoView({ block: "nearest" });
  }
}

function adjointKeys(column, columns, lighter) {
  const { scroller, rows } = column;
  scroller.addEventListener("pointerover", event => lighter.light(event.target.closest(".wb-row"), column));
  scroller.addEventListener("pointerleave", () => lighter.dark());
  scroller.addEventListener("focusin", event => lighter.light(event.target.closest(".wb-row"), column));
  scroller.addEventListener("focusout", () => lighter.dark());
  scroller.addEventListener("click", event => {
    const row = event.target.closest(".wb-row");
    if (!row || event.target.closest("button, .wb-mark") || String(getSelection())) return;
    adjointFocus(column, row);
    lighter.pin(row, column);
  });
  scroller.addEventListener("keydown", event => {
    const row = event.target.closest(".wb-row");
    if (!row || event.target !== row || event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(scroller.clientHeight / 19) - 1);
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -rows.length, End: rows.length }[event.key];
    if (step) adjointFocus(column, rows[Math.max(0, Math.min(rows.length - 1, row.place + step))]);
    else if (event.key === "ArrowLeft" || event.key === "ArrowRight") adjointAcross(column, columns, row, event.key === "ArrowLeft" ? -1 : 1);
    else if (event.key === "Enter" && row.opens) row.opens();
    else if (event.key === "Enter" || event.key === " ") lighter.pin(row, column);
    else if (event.key === "Escape" && lighter.pinned !== null) lighter.pin({ of: lighter.pinned }, column);
    else return;
    event.preventDefault();
  });
}

/** The next column's line for the same line of the source, or its first one. */
function adjointAcross(column, columns, row, step) {
  const shown = columns.filter(other => other.shown);
  const next = shown[shown.indexOf(column) + step];
  if (next) adjointFocus(next, (next.byLine.get(row.of) ?? next.rows)[0]);
}

/** Show a line of a program by its number, and have it lit with its counterparts. */
function adjointGoTo(columns, lighter, name, number) {
  const column = columns.find(other => other.name === name);
  const row = column?.rows[number];
  if (!row) return;
  if (!column.shown) return;
  adjointFocus(column, row);
  adjointReveal(column.scroller, [row]);
}
