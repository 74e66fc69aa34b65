// The tape of one run: its nodes as a list and as a graph, the source beside them, the two sweeps to step through.

import { copied, download, el, freshRoot } from "./dom.js";
import { TapeCanvas } from "./tape_canvas.js";
import { TAPE_DETAIL_CSS, TapeDetail } from "./tape_detail.js";
import { TAPE_LIST_CSS, TapeList } from "./tape_list.js";
import { TapeRows, tapeQuery } from "./tape_rows.js";
import { TAPE_SOURCE_CSS, TapeSource } from "./tape_source.js";
import { TAPE_STEPS_CSS, TapeSteps } from "./tape_steps.js";
import { TapeState, TapeStore } from "./tape_store.js";
import { TAPE_STRIP_CSS, TapeStrip } from "./tape_strip.js";

const TAPE_CSS = `
.wb-t-body { display: grid; grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); height: 430px; }
.wb-t-left, .wb-t-right { display: grid; grid-template-columns: minmax(0, 1fr); min-width: 0; min-height: 0; } .wb-t-left { grid-template-rows: auto minmax(0, 1fr); }
.wb-t-right { grid-template-rows: minmax(0, 1fr) auto; border-left: 1px solid var(--wb-line); } .wb-t-right .wb-t-detail { max-height: 200px; }
.wb-t-tools { display: flex; flex-wrap: wrap; gap: 5px 6px; padding: 6px 12px; align-items: center; border-bottom: 1px solid var(--wb-line); }
.wb-view .wb-t-tools input, .wb-view .wb-t-tools select { font: inherit; font-size: 12px; color: var(--wb-fg); background: var(--wb-bg);
  border: 1px solid var(--wb-line); border-radius: 5px; padding: 2px 6px; min-width: 0; }
.wb-t-tools [hidden] { display: none; } .wb-t-tools input[type="search"] { flex: 1 1 9em; } .wb-t-tools input[type="text"] { width: 5.5em; }
.wb-t-choice { display: inline-flex; } .wb-t-choice .wb-button { border-radius: 0; margin-left: -1px; }
.wb-t-choice .wb-button:first-child { border-radius: 5px 0 0 5px; margin: 0; } .wb-t-choice .wb-button:last-child { border-radius: 0 5px 5px 0; }
.wb-t-graph { border-top: 1px solid var(--wb-line); } .wb-t-graph .wb-t-tools { border-bottom: 0; }
.wb-t-canvas { display: block; width: 100%; height: 320px; cursor: grab; touch-action: none; outline-offset: -2px; font-family: var(--jp-code-font-family, monospace); }
.wb-t-legend { margin-left: auto; color: var(--wb-dim); font-size: 11.5px; } .wb-t-legend i { display: inline-block; width: 9px; height: 9px; margin: 0 4px 0 6px; border-radius: 2px; }
.wb-t-note { color: var(--wb-dim); font-size: 12px; } .wb-t-head .wb-tools { margin-left: auto; display: flex; gap: 6px; }
@container (max-width: 700px) { .wb-t-body { grid-template-columns: minmax(0, 1fr); height: auto; } .wb-t-left { height: 380px; }
  .wb-t-right { border-left: 0; border-top: 1px solid var(--wb-line); } .wb-t-right .wb-t-source { max-height: 240px; } }`;

/** Buttons of which one is pressed. */
function tapeChoice(label, names, chosen, act) {
  const group = el("span", { class: "wb-t-choice", role: "group", "aria-label": label }, names.map(name => el("button", {
    class: "wb-button", type: "button", "aria-pressed": String(name === chosen), onclick: () => { press(name); act(name); },
  }, name)));
  const press = name => { for (const button of group.children) button.setAttribute("aria-pressed", String(button.textContent === name)); };
  return { group, press };
}

export async function mount(element, data, link) {
  const store = new TapeStore(data, link), rows = new TapeRows(store);
  // a tape that has not been swept is shown swept: the view's own sweep leaves the tape as it is
  const reverse = data.position === data.nodes ? data.nodes : data.nodes - data.position;
  const state = new TapeState({ selected: null, current: null, position: data.nodes + reverse, line: null, counts: null, folds: 0, from: null });
  const list = new TapeList(store, rows, state);
  await new Promise((resolve, reject) => { store.load(resolve).catch(reject); }); // until the first nodes are there
  const root = freshRoot(element, TAPE_CSS + TAPE_LIST_CSS + TAPE_SOURCE_CSS + TAPE_STEPS_CSS + TAPE_STRIP_CSS + TAPE_DETAIL_CSS, data.title);
  const source = new TapeSource(store, state), steps = new TapeSteps(store, state), detail = new TapeDetail(store, rows, state);
  const canvas = new TapeCanvas(store, rows, state), strip = new TapeStrip(store, state, () => canvas.colours());
  const filters = tapeFilters(store, rows, state, list), graph = tapeGraphTools(canvas, rows, state, data);
  root.append(
    el("div", { class: "wb-head wb-t-head" }, el("span", { class: "wb-nabla" }, "∇"), el("span", { class: "wb-title" }, data.title),
      el("span", { class: "wb-value" }, `= ${data.value}`), el("span", { class: "wb-kind" }, `${data.nodes.toLocaleString("en")} nodes, ${data.edges.toLocaleString("en")} partials`),
      el("span", { class: "wb-tools" }, tapeExports(canvas, link, data, list, rows, store))),
    steps.element,
    el("div", { class: "wb-t-body" }, el("div", { class: "wb-t-left" }, filters.element, list.element), el("div", { class: "wb-t-right" }, source.element, detail.element)),
    strip.element, graph.element);
  canvas.recoloured = () => strip.later();
  rows.refresh();
  list.changed();
  const ready = () => begin().catch(error => { graph.note.textContent = `not all of it is there: ${error.message}`; });
  const begin = async () => {
    await new Promise(resolve => requestAnimationFrame(() => setTimeout(resolve))); // the first rows are painted
    source.count();
    await store.sweepTo(Math.min(data.nodes, 2 * data.nodes - state.position));
    list.changed();
    await strip.load();
    await graph.begin();
    detail.show();
  };
  if (store.arrived) ready();
  else tapeLater(store, () => list.changed(), ready);
  return () => { for (const part of [list, canvas, strip]) part.close(); steps.stop(); };
}

/** Call `each` while nodes arrive, `then` when all are there. */
function tapeLater(store, each, then) {
  const timer = setInterval(() => {
    each();
    if (!store.arrived) return;
    clearInterval(timer);
    then();
  }, 120);
}

/** The search box and the filters of the list. */
function tapeFilters(store, rows, state, list) {
  const search = el("input", { type: "search", placeholder: "mul   line 12   > 1e6   #100", "aria-label": "search nodes: an operation, line 12, value > 1e6, adjoint < 1e-9, #100" });
  const huge = el("input", { type: "text", value: "1e6", "aria-label": "beyond which an adjoint is huge", hidden: true });
  const kinds = { "all nodes": null, "adjoint NaN": Number.isNaN, "adjoint infinite": x => Math.abs(x) === Infinity, "adjoint zero": x => x === 0, "adjoint huge": x => Math.abs(x) > Number(huge.value) };
  const kind = el("select", { "aria-label": "which adjoints" }, Object.keys(kinds).map(name => el("option", {}, name)));
  const note = el("span", { class: "wb-t-note", role: "status" });
  const way = tapeChoice("what the list shows", ["nodes", "calls", "lines"], "nodes", async mode => {
    if (mode === "calls" && !rows.groups) {
      note.textContent = "grouping…";
      try {
        await rows.fetchGroups();
      } catch (error) {
        note.textContent = error.message;
        return;
      }
    }
    rows.mode = mode;
    apply();
    list.reveal(state.selected);
  });
  const apply = async () => {
    const jump = search.value.trim().match(/^#(\d+)$/), test = jump ? null : tapeQuery(store, search.value), odd = kinds[kind.value];
    huge.hidden = kind.value !== "adjoint huge";
    if (jump && Number(jump[1]) < store.count) state.change({ selected: Number(jump[1]) });
    if (odd || /adj/i.test(search.value)) await store.findings();
    const filtered = test || odd || state.line !== null;
    if (filtered) {
      const found = [];
      for (let k = 0; k < store.loaded; k++) {
        if ((state.line === null || store.place[k] === state.line) && (!odd || odd(store.full[k])) && (!test || test(k))) found.push(k);
      }
      rows.matches = Int32Array.from(found);
    } else rows.matches = null;
    note.replaceChildren(filtered ? `${rows.matches.length.toLocaleString("en")} of ${store.count.toLocaleString("en")}` : "");
    if (state.line !== null) note.append(" ", el("button", { class: "wb-button", type: "button", onclick: () => state.change({ line: null }) }, `line ${store.data.places[state.line].line} ✕`));
    rows.refresh();
    list.scrollTo(0);
    list.changed();
  };
  for (const input of [search, huge]) input.addEventListener("input", apply);
  kind.addEventListener("change", apply);
  state.listen(changed => {
    if (changed.has("line")) apply();
    if (changed.has("folds")) { rows.refresh(); list.changed(); }
  });
  return { element: el("div", { class: "wb-t-tools", role: "search" }, way.group, search, kind, huge, note) };
}

/** The graph with its buttons. */
function tapeGraphTools(canvas, rows, state, data) {
  let mode = data.nodes <= 200 ? "nodes" : "calls";
  const button = (text, label, act) => el("button", { class: "wb-button", type: "button", title: label, "aria-label": label, onclick: act }, text);
  const note = el("span", { class: "wb-t-note", role: "status" });
  const folding = [button("unfold", "unfold the selected group", () => canvas.unfold(canvas.vertexOf(state.selected))),
    button("fold", "fold the group around what is selected", () => {
      const selected = state.selected, inside = selected === null ? 0 : rows.parentRow(selected);
      if (inside < 0) { rows.toggle(inside, false); state.change({ selected: inside, folds: state.folds + 1 }); }
    })];
  const build = async (keep = false) => {
    if (mode === "calls" && !rows.groups) {
      note.textContent = "grouping…";
      await rows.fetchGroups();
    }
    for (const one of folding) one.hidden = mode !== "calls";
    canvas.rebuild(mode, keep);
    note.textContent = `${canvas.graph.size.toLocaleString("en")} vertices in ${canvas.plan.layers.toLocaleString("en")} layers`
      + (mode === "calls" ? "; turns are told by instructions that repeat" : mode === "lines" ? "; dashed: to a later turn" : "");
  };
  const way = tapeChoice("what the graph shows", ["nodes", "lines", "calls"], mode, name => {
    mode = name;
    build().catch(error => { note.textContent = error.message; });
  });
  const tools = el("div", { class: "wb-t-tools" }, way.group, button("+", "zoom in", () => canvas.zoom(1.3)), button("−", "zoom out", () => canvas.zoom(1 / 1.3)),
    button("all", "show all of the graph", () => canvas.fit(true)), folding, note,
    el("span", { class: "wb-t-legend", "aria-hidden": "true" }, el("i", { style: { background: "var(--wb-h0)" } }), "inputs of the selected ", el("i", { style: { background: "var(--wb-h1)" } }), "its users"));
  state.listen(changed => { if (changed.has("folds") && mode === "calls" && canvas.graph) build(true); });
  return { element: el("div", { class: "wb-t-graph" }, tools, canvas.canvas), note, begin: () => build() };
}

/** Downloads and the clipboard. */
function tapeExports(canvas, link, data, list, rows, store) {
  const name = data.title.replace(/\W+/g, "_"), button = (text, label, act) => {
    const made = el("button", { class: "wb-button", type: "button", "aria-label": label, title: label, onclick: async () => {
      const said = await act();
      if (said) { made.textContent = said; setTimeout(() => { made.textContent = text; }, 1500); }
    } }, text);
    return made;
  };
  return [
    button("copy", "copy the rows of the list that a filter leaves, at most 10,000", async () => {
      const lines = [];
      for (let i = 0; i < Math.min(rows.length, 10_000); i++) {
        const row = rows.at(i);
        if (row >= 0 && row < store.count) lines.push([row, store.name(row), Array.from(store.inputs(row)).join(","), store.value[row], store.adjoint[row], store.line(row)].join("\t"));
      }
      return (await copied(["node\toperation\tinputs\tvalue\tadjoint\tline", ...lines].join("\n"))) ? "copied" : "not allowed";
    }),
    button("JSON", "the whole tape as a file", async () => { download(`${name}.json`, await link.ask({ what: "json" }), "application/json"); }),
    button("SVG", "what the graph shows as a file", () => download(`${name}.svg`, canvas.svgText(), "image/svg+xml")),
  ];
}
