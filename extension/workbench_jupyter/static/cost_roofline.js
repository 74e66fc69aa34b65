// The roofline: lines of the source as dots under what the machine does at most.

import { el, svg } from "./dom.js";
import { chartFrame, chartScale, chartTicks } from "./cost_chart.js";
import { costMultiple, costShort, costWidth } from "./cost_parts.js";

const rooflineFacts = dot => [dot.line ? `line ${dot.line}` : "all lines",
  Number.isFinite(dot.intensity) ? `${costMultiple(dot.intensity)} flops a byte` : "no bytes",
  `${costShort(dot.rate)}flop/s`, `${Math.round(100 * dot.share)} % of the time`].join(", ");

/** The picture of `Roofline.as_dict`, with a read-out in `said`; every dot can be reached by the keyboard. */
export function rooflineChart(data, said) {
  const [width, height] = [680, 340];
  const isDrawn = dot => dot.intensity > 0 && dot.rate > 0;
  const drawn = [...data.dots, data.whole].filter(isDrawn);
  const levels = data.roofs.filter(roof => !roof.bandwidth);
  const slopes = data.roofs.filter(roof => roof.bandwidth);
  const peak = Math.max(...levels.map(roof => roof.value));
  const slow = Math.min(...slopes.map(roof => roof.value));
  const x = chartScale(Math.min(0.02, ...drawn.map(dot => dot.intensity / 2)),
    Math.max(20, 2 * peak / slow, ...drawn.map(dot => dot.intensity * 2)), 70, width - 14, true);
  const y = chartScale(Math.min(slow * x.low, ...drawn.map(dot => dot.rate / 2)), peak * 3, height - 46, 12, true);
  const picture = chartFrame({
    width, height, x, y, label: `roofline of ${data.name}: ${data.dots.length} lines under the roofs of the machine`,
    xTicks: chartTicks(x, 8).map(value => [x.at(value), costShort(value)]),
    yTicks: chartTicks(y, 8).map(value => [y.at(value), costShort(value)]),
    xTitle: "flops for each byte read or written", yTitle: "flops a second",
  });
  picture.setAttribute("role", "group"); // its dots are what is reached
  picture.removeAttribute("tabindex");
  const ink = { stroke: "currentColor", "stroke-opacity": 0.6, "stroke-width": 1.4 };
  for (const roof of levels) {
    const at = y.at(roof.value);
    picture.append(svg("line", { x1: x.start, x2: x.stop, y1: at, y2: at, "stroke-dasharray": "6 4", ...ink }),
      svg("text", { x: x.stop - 6, y: at - 5, "text-anchor": "end", "font-size": 11 },
        `${roof.name}, ${costShort(roof.value)}flop/s`));
  }
  for (const roof of slopes) {
    const [low, high] = [Math.max(x.low, y.low / roof.value), Math.min(x.high, peak / roof.value)];
    const [a, b, c, d] = [x.at(low), y.at(low * roof.value), x.at(high), y.at(high * roof.value)];
    const turn = Math.atan2(d - b, c - a) * 180 / Math.PI;
    picture.append(svg("line", { x1: a, y1: b, x2: c, y2: d, ...ink }),
      svg("text", { "font-size": 11, transform:
        `translate(${a + 0.12 * (c - a)},${b + 0.12 * (d - b) - 5}) rotate(${turn})` },
      `${roof.name}, ${costShort(roof.value)}B/s`));
  }
  const tell = dot => ({
    tabindex: 0, role: "img", "aria-label": rooflineFacts(dot),
    onpointerenter: () => { said.textContent = `${rooflineFacts(dot)}   ${dot.text}`; },
    onfocus: () => { said.textContent = `${rooflineFacts(dot)}   ${dot.text}`; },
    onpointerleave: () => { said.textContent = ""; }, onblur: () => { said.textContent = ""; },
  });
  for (const dot of data.dots.filter(isDrawn)) {
    const size = 4 + 6 * Math.sqrt(Math.max(dot.share, 0));
    picture.append(svg("circle", { cx: x.at(dot.intensity), cy: y.at(dot.rate), r: size, fill: "#e8743b",
      "fill-opacity": 0.85, ...tell(dot) }),
    svg("text", { x: x.at(dot.intensity) + size + 3, y: y.at(dot.rate) + 4, "font-weight": 600,
      "pointer-events": "none" }, String(dot.line || "–")));
  }
  if (isDrawn(data.whole)) {
    picture.append(svg("path", { d: `M${x.at(data.whole.intensity)} ${y.at(data.whole.rate) - 7}l7 7l-7 7l-7 -7z`,
      fill: "transparent", stroke: "#4c8dea", "stroke-width": 2, ...tell(data.whole) }));
  }
  return picture;
}

/** The rows of the table of dots, and the one of the whole below them. */
export function rooflineRows(data) {
  const peak = Math.max(...data.roofs.filter(roof => !roof.bandwidth).map(roof => roof.value));
  const near = Math.max(...data.roofs.filter(roof => roof.bandwidth).map(roof => roof.value));
  const number = (text, value) => el("td", { class: "wb-num", "data-v": Number.isFinite(value) ? value : null }, text);
  return [...data.dots, data.whole].map((dot, k) => {
    const bound = dot.intensity === null ? peak : Math.min(peak, dot.intensity * near);
    const reached = dot.rate === null || !(bound > 0) ? NaN : dot.rate / bound;
    return el("tr", { "data-k": k }, el("td", {}, dot === data.whole ? "all" : String(dot.line)),
      number(dot.intensity === null ? "no bytes" : costMultiple(dot.intensity), dot.intensity ?? Infinity),
      number(dot.rate === null ? "–" : `${costShort(dot.rate)}flop/s`, dot.rate ?? NaN),
      number(Number.isNaN(reached) ? "–" : `${Math.round(100 * reached)}%`, reached),
      el("td", { "data-v": dot.share }, el("span", { class: "wb-bars" },
        el("i", { class: "wb-time", style: { width: costWidth(dot.share) } })),
      el("span", { class: "wb-beside" }, `${Math.round(100 * dot.share)}%`)),
      el("td", {}, el("code", {}, dot.text)));
  });
}
