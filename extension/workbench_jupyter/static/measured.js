// Measurement beside prediction: sorted by any column, copied and saved.

import { costAlive, costSort, costTools } from "./cost_parts.js";

export function mount(element, data, link) {
  const view = costAlive(element, `time of ${data.name}, measured and predicted`);
  costTools(view, data.name, data, link);
  view.querySelectorAll("table").forEach(costSort);
}
