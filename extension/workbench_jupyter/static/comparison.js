// Two programs beside each other: figures, bars and ratios at sizes that sliders choose.

import {
  costAlive, costFigure, costFill, costMultiple, costNumber, costSeconds, costSizes, costSort,
  costTableAtSizes, costTools, costWidth,
} from "./cost_parts.js";

export function mount(element, data, link) {
  const view = costAlive(element, `${data.second} over ${data.first}`);
  costTools(view, `${data.second} over ${data.first}`, data, link);
  view.querySelectorAll("table").forEach(costSort);
  if (!Object.keys(data.open).length) return;
  const rows = Array.from(view.querySelectorAll("tr[data-k]"));
  const formulas = new Map(rows.map(row => [row, [row.cells[2].textContent, row.cells[3].textContent]]));
  costTableAtSizes(link, view, data.open, (numbers, sizes, asNumbers) => {
    for (const row of rows) {
      const place = Number(row.dataset.k);
      const pair = numbers.rows[place].map(costNumber);
      const write = data.rows[place].name === "time" ? costSeconds : costFigure;
      const most = Math.max(...pair.map(Math.abs)) || 1;
      row.querySelectorAll("i").forEach((bar, k) => { bar.style.width = costWidth(Math.abs(pair[k]) / most); });
      pair.forEach((value, k) => costFill(row.cells[2 + k],
        asNumbers || write === costSeconds ? write(value) : formulas.get(row)[k], value));
      const ratio = pair[0] ? pair[1] / pair[0] : NaN;
      costFill(row.cells[4], Number.isNaN(ratio) ? "" : costMultiple(ratio), ratio);
    }
    view.querySelector("[data-sizes]").textContent = `ratios at ${costSizes(sizes)}`;
  });
}
