// Derivatives beside their function: sorted by any column; multiples and figures at sizes that sliders choose.

import {
  costAlive, costFigure, costFill, costMultiple, costNumber, costSizes, costSort, costTableAtSizes,
  costTools, costWidth,
} from "./cost_parts.js";

export function mount(element, data, link) {
  const view = costAlive(element, `derivatives of ${data.name}`);
  costTools(view, `derivatives of ${data.name}`, data, link);
  view.querySelectorAll("table").forEach(costSort);
  if (!Object.keys(data.open).length) return;
  const rows = Array.from(view.querySelectorAll("tr[data-k]"));
  const formulas = new Map(rows.flatMap(row => Array.from(row.cells)).map(cell => [cell, cell.textContent]));
  costTableAtSizes(link, view, data.open, (numbers, sizes, asNumbers) => {
    const most = Math.max(...numbers.rows.filter(Boolean).map(row => costNumber(row[0])).filter(Number.isFinite), 1);
    for (const row of rows) {
      const found = numbers.rows[Number(row.dataset.k)]?.map(costNumber);
      if (!found) continue;
      row.querySelector("i").style.width = costWidth(Math.log1p(found[0]) / Math.log1p(most));
      costFill(row.cells[2], costMultiple(found[0]), found[0]);
      found.slice(1).forEach((value, k) => costFill(row.cells[3 + k],
        asNumbers ? costFigure(value) : formulas.get(row.cells[3 + k]), value));
    }
    view.querySelector("[data-sizes]").textContent = `multiples at ${costSizes(sizes)}`;
  });
}
