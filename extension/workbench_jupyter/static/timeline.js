// The memory of a program over its course, by itself.

import { COST_HINT, costAlive, costPictures, costSaid, costSort, costTools } from "./cost_parts.js";
import { timelineChart } from "./cost_timeline.js";

export function mount(element, data, link) {
  const view = costAlive(element, `memory of ${data.name}`);
  const file = costTools(view, `memory of ${data.name}`, data, link);
  const box = view.querySelector(".wb-chart");
  const said = costSaid(COST_HINT);
  box.replaceChildren(timelineChart(data, said), said, costPictures(file, () => box.querySelector("svg")));
  view.querySelectorAll("table").forEach(costSort);
}
