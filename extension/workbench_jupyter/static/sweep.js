// Costs over sizes: curves with what was measured, or a heat map for two dimensions; sliders for what is fixed.

import { el, svg } from "./dom.js";
import {
  COST_HINT, costAlive, costAsker, costBytes, costFigure, costNumber, costPictures, costSaid, costSeconds, costShort,
  costSizes, costSliders, costSort, costSwitch, costTools,
} from "./cost_parts.js";
import { CHART_COLOURS, chartFollow, chartFrame, chartScale, chartTicks } from "./cost_chart.js";

const sweepWrite = figure => (figure === "time" ? costSeconds : figure.includes("bytes") ? costBytes : costShort);
const sweepTitle = figure => (figure === "time" ? "seconds" : figure.replaceAll("_", " "));

/** `n^1.5`, a power for each dimension that matters. */
const sweepGrowth = powers => Object.entries(powers)
  .filter(([, power]) => Number.isFinite(costNumber(power)) && Math.abs(power) > 5e-4)
  .map(([name, power]) => `${name}^${Number(power.toPrecision(3))}`).join(" · ") || "constant";

export function mount(element, data, link) {
  const view = costAlive(element, `${data.names.join(" and ")} over ${Object.keys(data.dimensions).join(", ")}`,
    `.wb-sweep-legend { display: flex; flex-wrap: wrap; gap: 2px 14px; padding: 2px 4px; font-size: 12px; }
    .wb-sweep-legend i { display: inline-block; width: 14px; height: 4px; border-radius: 2px; margin-right: 5px;
      vertical-align: 3px; }`);
  const file = costTools(view, data.names.join(" and "), data, link);
  view.querySelectorAll("table").forEach(costSort);
  const box = view.querySelector(".wb-panels");
  const grown = Array.from(view.querySelectorAll(".wb-table tr"));
  const state = { data, shape: "curves" };
  const draw = () => {
    grown.forEach((row, k) => Object.keys(data.figures).forEach((figure, j) => {
      row.cells[1 + j].textContent = `${sweepTitle(figure)} ~ ${sweepGrowth(state.data.exponents[figure][k])}`;
    }));
    const panels = Object.keys(state.data.figures).map(figure => sweepPanel(state, figure, file));
    box.replaceChildren(...panels.flat());
  };
  draw();
  const head = view.querySelector(".wb-head");
  if (Object.keys(data.dimensions).length === 2) {
    const shapes = costSwitch("shown as", [["curves", "curves"], ["map", "heat map"]], "curves", shape => {
      state.shape = shape;
      draw();
    });
    head.after(el("div", { class: "wb-cost-bar" }, shapes));
  }
  if (!Object.keys(data.fixed).length) return;
  const fixed = { ...data.fixed };
  const ask = costAsker(link, view, found => {
    const same = sweepSame(fixed, data.fixed); // what was measured was so at the sizes of the call
    state.data = { ...data, ...found, measured: same ? data.measured : null };
    const elsewhere = data.measured && !same ? ` (measured at ${costSizes(data.fixed)})` : "";
    view.querySelector("[data-sizes]").textContent = `at ${costSizes(fixed)}${elsewhere}`;
    draw();
  });
  head.after(costSliders(fixed, () => ask(fixed)));
}

const sweepSame = (a, b) => Object.keys(b).every(name => a[name] === b[name]);

/** The picture of a figure with its legend, read-out and exports. */
function sweepPanel(state, figure, file) {
  const said = costSaid(COST_HINT);
  const finish = (picture, legend) => el("figure", { class: "wb-chart", "data-figure": figure }, legend, picture, said,
    costPictures(`${file}-${figure}`, () => picture));
  if (state.shape === "map") {
    return state.data.names.map((name, k) => {
      const read = costSaid(COST_HINT);
      const picture = sweepMap(state.data, figure, k, read);
      return el("figure", { class: "wb-chart", "data-figure": figure },
        el("div", { class: "wb-sweep-legend" },
          `${sweepTitle(figure)} of ${name} ~ ${sweepGrowth(state.data.exponents[figure][k])}`),
        picture, read, costPictures(`${file}-${figure}-map`, () => picture));
    });
  }
  const lines = sweepLines(state.data, figure);
  return [finish(sweepCurves(state.data, figure, lines, said), el("div", { class: "wb-sweep-legend" },
    lines.map(line => el("span", {}, el("i", { style: { background: line.colour } }), line.title))))];
}

/** The curves of a figure: one for each function, and for some sizes of a second dimension. */
function sweepLines(data, figure) {
  const [[, xs], second] = Object.entries(data.dimensions);
  const found = [];
  data.names.forEach((name, k) => {
    const values = data.figures[figure][k];
    const power = ` ~ ${sweepGrowth(data.exponents[figure][k])}`;
    if (!second) {
      found.push({ title: name + power, points: xs.map((x, i) => [x, costNumber(values[i])]) });
      return;
    }
    const [other, sizes] = second;
    const places = [...new Set(Array.from({ length: Math.min(6, sizes.length) }, (_, i, most = Math.min(6, sizes.length)) =>
      Math.round(i * (sizes.length - 1) / Math.max(most - 1, 1))))];
    for (const place of places) {
      found.push({ title: `${name}, ${other} = ${costFigure(sizes[place])}`,
        points: xs.map((x, i) => [x, costNumber(values[i][place])]) });
    }
  });
  found.forEach((line, k) => {
    line.colour = CHART_COLOURS[k % CHART_COLOURS.length];
    line.points.sort((a, b) => a[0] - b[0]);
    line.measured = figure === "time" && data.measured && !second
      ? data.measured.sizes.map((x, i) => [x, data.measured.seconds[k][i]]) : [];
  });
  return found;
}

/** A scale over values: logarithmic where they are positive and spread over more than a factor of twenty. */
function sweepScale(values, start, stop, pad) {
  const known = values.filter(Number.isFinite);
  let [low, high] = known.length ? [Math.min(...known), Math.max(...known)] : [0, 1];
  if (low > 0 && high / low > 20) {
    const margin = (high / low) ** pad;
    return chartScale(low / margin, high * margin, start, stop, true);
  }
  const margin = (high - low) * pad || Math.abs(high) * 0.1 || 1;
  return chartScale(low - margin, high + margin, start, stop);
}

function sweepCurves(data, figure, lines, said) {
  const [width, height] = [620, 330];
  const all = lines.flatMap(line => [...line.points, ...line.measured]);
  const x = sweepScale(all.map(([a]) => a), 70, width - 14, 0.02);
  const y = sweepScale(all.map(([, b]) => b), height - 46, 12, 0.06);
  const write = sweepWrite(figure);
  const name = Object.keys(data.dimensions)[0];
  const picture = chartFrame({
    width, height, x, y, label: `${sweepTitle(figure)} of ${data.names.join(" and ")} over ${name}`,
    xTicks: chartTicks(x, 9).map(value => [x.at(value), costShort(value)]),
    yTicks: chartTicks(y, 7).map(value => [y.at(value), write(value)]),
    xTitle: name, yTitle: sweepTitle(figure),
  });
  const mark = svg("line", { y1: y.start, y2: y.stop, stroke: "currentColor", "stroke-opacity": 0.6, "data-only-live": "",
    visibility: "hidden" });
  picture.append(mark);
  for (const line of lines) {
    const points = line.points.map(([a, b]) => [x.at(a), y.at(b)]).filter(([a, b]) => Number.isFinite(a) && Number.isFinite(b));
    picture.append(svg("path", { fill: "none", stroke: line.colour, "stroke-width": 2, "stroke-linejoin": "round",
      d: points.map(([a, b], k) => `${k ? "L" : "M"}${a.toFixed(1)},${b.toFixed(1)}`).join("") }));
    for (const [a, b] of line.measured) {
      picture.append(svg("circle", { cx: x.at(a), cy: y.at(b), r: 4, fill: "none", stroke: line.colour, "stroke-width": 2 },
        svg("title", {}, `measured: ${write(b)}`)));
    }
  }
  const sizes = [...new Set(lines[0].points.map(([a]) => a))];
  const text = place => {
    mark.setAttribute("visibility", place === null ? "hidden" : "visible");
    if (place === null) return null;
    const size = sizes[place];
    mark.setAttribute("x1", x.at(size));
    mark.setAttribute("x2", x.at(size));
    const found = lines.map(line => {
      const run = line.measured.find(([a]) => a === size);
      const own = line.title.split(" ~ ")[0];
      return `${own} ${write(line.points[place][1])}${run ? ` (measured ${write(run[1])})` : ""}`;
    });
    return `${name} = ${costFigure(size)}: ${found.join(", ")}`;
  };
  chartFollow(picture, { count: sizes.length, show: text,
    near: px => sizes.reduce((best, size, k) => (Math.abs(x.at(size) - px) < Math.abs(x.at(sizes[best]) - px) ? k : best), 0),
  }, said);
  return picture;
}

/** Tiles over both dimensions, the stronger the more (logarithms). */
function sweepMap(data, figure, of, said) {
  const [width, height] = [620, 330];
  const [[first, xs], [second, ys]] = Object.entries(data.dimensions);
  const values = data.figures[figure][of].map(row => row.map(costNumber));
  const known = values.flat().filter(value => value > 0 && Number.isFinite(value));
  const [low, high] = known.length ? [Math.log(Math.min(...known)), Math.log(Math.max(...known))] : [0, 1];
  const x = chartScale(-0.5, xs.length - 0.5, 70, width - 14);
  const y = chartScale(-0.5, ys.length - 0.5, height - 46, 12);
  const write = sweepWrite(figure);
  const every = (sizes, most) => Math.max(1, Math.ceil(sizes.length / most));
  const picture = chartFrame({
    width, height, x, y, grid: false, label: `${sweepTitle(figure)} of ${data.names[of]} over ${first} and ${second}`,
    xTicks: xs.map((size, k) => [x.at(k), costShort(size)]).filter((_, k) => k % every(xs, 12) === 0),
    yTicks: ys.map((size, k) => [y.at(k), costShort(size)]).filter((_, k) => k % every(ys, 10) === 0),
    xTitle: first, yTitle: second,
  });
  const [wide, tall] = [x.at(1) - x.at(0), y.at(0) - y.at(1)];
  const gap = Math.min(wide, tall) > 6 ? 1 : 0;
  const roomy = wide > 52 && tall > 20;
  const mark = svg("rect", { width: wide, height: tall, fill: "none", stroke: "currentColor", "stroke-width": 2,
    "data-only-live": "", visibility: "hidden" });
  values.forEach((row, i) => row.forEach((value, j) => {
    const share = value > 0 ? (Math.log(value) - low) / (high - low || 1) : 0;
    picture.append(svg("rect", { x: x.at(i) - wide / 2, y: y.at(j) - tall / 2, width: wide - gap, height: tall - gap,
      fill: "#4c8dea", "fill-opacity": value > 0 ? (0.08 + 0.72 * share).toFixed(3) : 0 }));
    if (roomy) {
      picture.append(svg("text", { x: x.at(i), y: y.at(j) + 4, "text-anchor": "middle", "font-size": 11,
        "pointer-events": "none" }, write(value)));
    }
  }));
  picture.append(mark);
  const columns = ys.length;
  chartFollow(picture, { count: xs.length * columns,
    near: (px, py) => {
      const [i, j] = [Math.round((px - x.at(0)) / wide), Math.round((y.at(0) - py) / tall)];
      return i >= 0 && i < xs.length && j >= 0 && j < columns ? i * columns + j : null;
    },
    show: place => {
      mark.setAttribute("visibility", place === null ? "hidden" : "visible");
      if (place === null) return null;
      const [i, j] = [Math.floor(place / columns), place % columns];
      mark.setAttribute("x", x.at(i) - wide / 2);
      mark.setAttribute("y", y.at(j) - tall / 2);
      return `${first} = ${costFigure(xs[i])}, ${second} = ${costFigure(ys[j])}: ${write(values[i][j])} ${sweepTitle(figure)}`;
    },
  }, said);
  return picture;
}
