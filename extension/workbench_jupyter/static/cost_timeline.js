// The memory of a program over its course: bytes alive moment by moment, the peak marked.

import { el, svg } from "./dom.js";
import { chartFollow, chartFrame, chartScale, chartTicks } from "./cost_chart.js";
import { costBytes } from "./cost_parts.js";

/** The picture of a course (`Timeline.as_dict`), with a read-out in `said`. */
export function timelineChart(data, said) {
  const [width, height] = [680, 250];
  const count = Math.max(data.instants.length, 1);
  const x = chartScale(-0.5, count - 0.5, 64, width - 14);
  const y = chartScale(0, (data.bytes || 1) * 1.2, height - 46, 14);
  const every = Math.ceil(count / 24);
  const picture = chartFrame({
    width, height, x, y, label: `memory of ${data.name} over its course, ${costBytes(data.bytes)} at most`,
    xTicks: data.instants.map(([line], k) => [x.at(k), String(line || "–")]).filter((_, k) => k % every === 0),
    yTicks: chartTicks(y, 4).map(value => [y.at(value), costBytes(value)]),
    xTitle: "line of the source, in the program's order", yTitle: "bytes alive",
  });
  if (!data.instants.length) return picture;
  const half = (x.at(1) - x.at(0)) / 2;
  const path = data.instants.map(([, bytes], k) =>
    `${k ? "L" : "M"}${x.at(k) - half},${y.at(bytes)}H${x.at(k) + half}`).join("");
  const [line, peak] = data.instants[data.peak];
  const right = x.at(data.peak) > width * 0.6;
  const mark = svg("line", { y1: y.start, y2: y.stop, stroke: "currentColor", "stroke-opacity": 0.6, "data-only-live": "" });
  mark.setAttribute("visibility", "hidden");
  picture.append(
    svg("path", { d: `${path}V${y.start}H${x.start}Z`, fill: "#4c8dea", "fill-opacity": 0.22 }),
    svg("path", { d: path, fill: "none", stroke: "#4c8dea", "stroke-width": 2 }),
    svg("circle", { cx: x.at(data.peak), cy: y.at(peak), r: 4.5, fill: "#e8743b" }),
    svg("text", { x: x.at(data.peak), y: y.at(peak) - 9, "text-anchor": right ? "end" : "start", "font-weight": 600 },
      line ? `${costBytes(data.bytes)}, line ${line}` : costBytes(data.bytes)), mark);
  chartFollow(picture, {
    count, first: data.peak,
    near: px => Math.max(0, Math.min(count - 1, Math.round((px - x.at(0)) / (2 * half)))),
    show: place => {
      mark.setAttribute("visibility", place === null ? "hidden" : "visible");
      if (place === null) return null;
      const [of, bytes, made] = data.instants[place];
      mark.setAttribute("x1", x.at(place));
      mark.setAttribute("x2", x.at(place));
      return `${of ? `line ${of}: ` : ""}${costBytes(bytes)} alive after an array was ${made ? "made" : "given back"}`;
    },
  }, said);
  return picture;
}

/** The rows of what is alive at the peak. */
export function timelineRows(data) {
  return data.held.slice(0, 40).map((held, k) => el("tr", { "data-k": k }, el("td", {}, held.name),
    el("td", {}, String(held.line || "–")), el("td", {}, held.role),
    el("td", { class: "wb-num", "data-v": held.bytes }, held.bytes.toLocaleString("en-US"))));
}
