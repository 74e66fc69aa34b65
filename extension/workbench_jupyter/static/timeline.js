// The memory of a program over its course, by itself.

import { el } from "./dom.js";
import { costAlive, costPictures, costSort, costTools } from "./costparts.js";
import { timelineChart } from "./costtimeline.js";

export function mount(element, data, link) {
  const view = costAlive(element, `memory of ${data.name}`);
  const file = costTools(view, `memory of ${data.name}`, data, link);
  const box = view.querySelector(".wb-chart");
  const said = el("div", { class: "wb-cost-facts", role: "status",
    "data-hint": "point into the picture, or use the arrow keys in it" });
  box.replaceChildren(timelineChart(data, said), said, costPictures(file, () => box.querySelector("svg")));
  view.querySelectorAll("table").forEach(costSort);
}
