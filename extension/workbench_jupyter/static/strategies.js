// The ways that were priced: sorted by any column, copied and saved.

import { costAlive, costSort, costTools } from "./cost_parts.js";

export function mount(element, data, link) {
  const view = costAlive(element, `ways to the ${data.title}`);
  costTools(view, data.title, data, link);
  view.querySelectorAll("table").forEach(costSort);
}
