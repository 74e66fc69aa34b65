// The roofline of a program, by itself.

import { costAlive, costPictures, costSaid, costSort, costTools } from "./cost_parts.js";
import { rooflineChart } from "./cost_roofline.js";

export function mount(element, data, link) {
  const view = costAlive(element, `roofline of ${data.name}`);
  const file = costTools(view, `roofline of ${data.name}`, data, link);
  const box = view.querySelector(".wb-chart");
  const said = costSaid("point at a dot, or reach it by the tabulator");
  box.replaceChildren(rooflineChart(data, said), said, costPictures(file, () => box.querySelector("svg")));
  view.querySelectorAll("table").forEach(costSort);
}
