// A cost report: heat beside the source for what is asked, at sizes that sliders choose; memory and roofline move along.
// Numbers at other sizes are the kernel's, which evaluates formulas in milliseconds.

import { el } from "./dom.js";
import {
  COST_HINT, costAlive, costAsker, costBytes, costFigure, costFill, costNumber, costPictures, costRows, costSaid,
  costSeconds, costShort, costSizes, costSliders, costSort, costSwitch, costTools, costWidth,
} from "./cost_parts.js";
import { timelineChart, timelineRows } from "./cost_timeline.js";
import { rooflineChart, rooflineRows } from "./cost_roofline.js";

const COST_HEATS = [["time", "time"], ["flops", "flops"], ["bytes", "bytes moved"], ["allocated", "allocated"]];
const COST_PLACES = { flops: 0, bytes: 1, time: 2, allocated: 3 };
const COST_WRITE = { flops: costShort, bytes: costBytes, time: costSeconds, allocated: costBytes };
const COST_ALIVE = 4;

export async function mount(element, data, link) {
  const first = await link.ask({ what: "at", dims: data.open });
  const view = costAlive(element, `cost of ${data.name}`, `.wb-heatrow:focus { outline-offset: -2px; }`);
  const file = costTools(view, `cost of ${data.name}`, data, link);
  const isOpen = Object.keys(data.open).length > 0;
  const timed = data.by_line.some(line => line.time !== undefined);
  const state = { heat: timed ? "time" : "flops", numbers: first, asNumbers: false, row: null };
  const sizes = { ...data.open };
  const parts = {
    rows: Array.from(view.querySelectorAll("[data-line]")), totals: Array.from(view.querySelectorAll("[data-total]")),
    sizes: view.querySelector("[data-sizes]"), rest: view.querySelector("[data-rest]"),
    facts: costSaid("point at a line, or go along lines with the arrow keys"),
  };
  for (const table of view.querySelectorAll("table")) costSort(table);
  const [lines, operations] = costTables(view);
  const draw = () => {
    costHeat(parts, data, state);
    costFigures(parts, state.numbers);
    if (isOpen) costNumbers(lines, operations, data, state);
  };
  const charts = costCharts(view, file);
  const show = numbers => {
    state.numbers = numbers;
    draw();
    costLaunches(view, numbers);
    charts(numbers);
  };
  const bar = el("div", { class: "wb-cost-bar" },
    costSwitch("heat", COST_HEATS.filter(([value]) => timed || value !== "time"), state.heat, heat => {
      state.heat = heat;
      draw();
    }));
  const head = view.querySelector(".wb-head");
  head.after(bar);
  if (isOpen) {
    const ask = costAsker(link, view, show);
    bar.append(costSwitch("tables show", [["formulas", "formulas"], ["numbers", "numbers"]], "formulas", value => {
      state.asNumbers = value === "numbers";
      draw();
    }));
    bar.after(costSliders(sizes, () => ask(sizes)));
  }
  costKeys(parts, () => costFacts(parts, data, state), state);
  Array.from(view.querySelectorAll(".wb-listing")).at(-1)?.after(parts.facts);
  show(first);
}

/** The heat, bars and figures beside the lines. */
function costHeat(parts, data, state) {
  const { lines } = state.numbers;
  const place = COST_PLACES[state.heat];
  const column = k => lines.map(line => costNumber(line[k])).map(value => (Number.isFinite(value) ? value : 0));
  const [asked, times, alive] = [column(place), column(COST_PLACES.time), column(COST_ALIVE)];
  const sum = values => values.reduce((a, b) => a + Math.max(b, 0), 0);
  const [all, time, most] = [sum(asked), sum(times), Math.max(...alive, 0)];
  for (const row of parts.rows) {
    const k = Number(row.dataset.line);
    const share = all ? asked[k] / all : 0;
    const [warm, cool] = row.querySelectorAll("i");
    warm.style.width = costWidth(time ? times[k] / time : share);
    cool.style.width = costWidth(most ? alive[k] / most : 0);
    row.querySelector(".wb-warm").style.setProperty("--heat", Math.min(Math.max(share, 0), 1).toFixed(3));
    row.querySelector(".wb-worth").textContent = asked[k] > 0
      ? `${COST_WRITE[state.heat](asked[k])} · ${share < 0.01 ? "<1" : Math.round(100 * share)}%` : "";
  }
  costFacts(parts, data, state);
}

/** The figures of the whole at the sizes that are chosen. */
function costFigures(parts, numbers) {
  for (const node of parts.totals) {
    const name = node.dataset.total;
    const value = costNumber(numbers.totals[name]);
    node.textContent = name === "time" ? costSeconds(value) : name === "flops" ? costShort(value) : costBytes(value);
  }
  if (parts.sizes) parts.sizes.textContent = `at ${costSizes(numbers.sizes)}`;
  const apart = numbers.totals.time === undefined || !parts.rest ? null : parts.rest.dataset.rest;
  if (!apart) return;
  const time = costNumber(numbers.lines[Number(apart)][COST_PLACES.time]);
  parts.rest.textContent = `the call itself: ${costSeconds(time)}`;
}

/** The tables by line and by operation, with the formulas that they hold. */
function costTables(view) {
  return ["lines", "operations"].map(part => {
    const rows = Array.from(view.querySelectorAll(`[data-part="${part}"] tr[data-k]`));
    const formulas = new Map(rows.flatMap(row => Array.from(row.cells)).map(cell => [cell, cell.textContent]));
    return { rows, formulas };
  });
}

function costNumbers(lines, operations, data, state) {
  const { numbers } = state;
  const timed = numbers.totals.time !== undefined;
  const put = (table, cell, value, write = costFigure) =>
    costFill(cell, state.asNumbers || write === costSeconds ? write(value) : table.formulas.get(cell), value);
  for (const row of operations.rows) {
    numbers.operations[Number(row.dataset.k)].forEach((value, k) => put(operations, row.cells[k + 1], costNumber(value)));
  }
  for (const row of lines.rows) {
    const at = numbers.lines[Number(row.dataset.k)];
    const { totals } = numbers;
    const values = at ? [at[0], at[5], at[6], at[3]]
      : [totals.flops, totals.bytes_read, totals.bytes_written, totals.bytes_allocated];
    values.forEach((value, k) => put(lines, row.cells[k + 1], costNumber(value)));
    if (timed) put(lines, row.cells[5], costNumber(at ? at[COST_PLACES.time] : totals.time), costSeconds);
  }
}

/** The table of what a GPU launches and copies, as the kernel writes it. */
function costLaunches(view, numbers) {
  const rows = Array.from(view.querySelectorAll('[data-part="kernels"] tr[data-k]'));
  for (const row of rows) {
    (numbers.launches?.[Number(row.dataset.k)] ?? []).forEach(([text, value], k) =>
      costFill(row.cells[k], text, costNumber(value)));
  }
}

/** Pictures of memory and of the roofline in the place of the static ones. */
function costCharts(view, file) {
  const draw = { timeline: timelineChart, roofline: rooflineChart };
  const boxes = Object.keys(draw).map(kind => {
    const box = view.querySelector(`[data-part="${kind}"] .wb-chart`);
    const said = costSaid(kind === "timeline" ? COST_HINT : "point at a dot, or reach it by the tabulator");
    box?.replaceChildren(el("svg"), said, costPictures(`${file}-${kind}`, () => box.querySelector("svg")));
    return [kind, box, said];
  }).filter(([, box]) => box);
  return numbers => {
    for (const [kind, box, said] of boxes) {
      const data = numbers[kind];
      if (!data) continue;
      box.firstChild.replaceWith(draw[kind](data, said));
      const table = box.parentNode.querySelector("table");
      if (kind === "roofline") {
        const rows = rooflineRows(data);
        table.tFoot.replaceChildren(rows.pop());
        costRows(table, rows);
      }
      if (kind === "timeline") {
        if (table) costRows(table, timelineRows(data));
        box.closest("details").querySelector("summary").textContent =
          `Memory over the course of the program: ${costBytes(data.bytes)} at most`;
      }
    }
  };
}

/** Lines are reached by the arrow keys and by pointing. */
function costKeys(parts, facts, state) {
  const { rows } = parts;
  rows.forEach((row, k) => {
    row.tabIndex = k ? -1 : 0;
    row.removeAttribute("title"); // what it said stands below the listing now
    const take = () => {
      state.row = row;
      facts();
    };
    row.addEventListener("pointerenter", take);
    row.addEventListener("focus", take);
    row.addEventListener("keydown", event => {
      const step = { ArrowDown: 1, ArrowUp: -1, Home: -rows.length, End: rows.length }[event.key];
      if (!step) return;
      event.preventDefault();
      const next = rows[Math.max(0, Math.min(rows.length - 1, k + step))];
      row.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    });
  });
}

/** Everything that is known of the line that is pointed at: numbers, and formulas where sizes are open. */
function costFacts(parts, data, state) {
  if (!state.row) return;
  const k = Number(state.row.dataset.line);
  const [line, at] = [data.by_line[k], state.numbers.lines[k]];
  const formula = text => (typeof text === "string" ? ` = ${text}` : "");
  const found = [["flops", at[0], line.flops, costShort], ["bytes read", at[5], line.bytes_read, costBytes],
    ["written", at[6], line.bytes_written, costBytes], ["allocated", at[3], line.bytes_allocated, costBytes]]
    .filter(([, value]) => costNumber(value) !== 0)
    .map(([title, value, text, write]) => `${title} ${write(costNumber(value))}${formula(text)}`);
  const time = line.time === undefined ? [] : [costSeconds(costNumber(at[COST_PLACES.time]))];
  const alive = costNumber(at[COST_ALIVE]) > 0 ? [`${costBytes(costNumber(at[COST_ALIVE]))} alive at the peak`] : [];
  const known = [...time, ...found, ...alive].join(", ") || "nothing that is counted";
  parts.facts.replaceChildren(el("b", {}, `line ${line.line}: `), known);
}
