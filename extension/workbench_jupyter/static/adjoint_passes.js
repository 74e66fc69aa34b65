// The stages of the compilation: a slider over the passes, the program before and after each, and the difference.
// They are made when they are asked for, by compiling the program once more.

import { el } from "./dom.js";

const ADJOINT_AROUND = 3; // lines around a difference

/** The button that opens the slider; the slider is put at the end of the view's programs. */
export function adjointPasses(view, link, status) {
  const panel = el("div", { class: "wb-passes", role: "region", "aria-label": "passes", hidden: true });
  let made = false;
  const button = el("button", { class: "wb-button", type: "button", "aria-expanded": "false", "aria-pressed": "false",
    title: "the program before and after every pass", onclick: async () => {
      panel.hidden = !panel.hidden;
      for (const name of ["aria-expanded", "aria-pressed"]) button.setAttribute(name, String(!panel.hidden));
      if (made || panel.hidden) return;
      made = true;
      panel.textContent = "compiling once more …";
      try {
        adjointSlider(panel, await link.ask({ what: "stages" }), link);
      } catch (error) {
        made = false;
        panel.textContent = error.message;
      }
    } }, "passes");
  view.querySelector(".wb-both").after(panel);
  return button;
}

function adjointSlider(panel, { stages }, link) {
  const changed = stages.map(stage => stage.changed);
  const known = new Map();
  let current = 0;
  let mode = "difference";
  let skips = true;
  const title = el("span", { class: "wb-passes-name" });
  const said = el("span", { class: "wb-passes-said", role: "status" });
  const code = el("pre", { class: "wb-code", tabindex: "0", "aria-label": "the program" });
  const ticks = el("div", { class: "wb-ticks", "aria-hidden": "true" },
    stages.map(stage => el("span", { class: stage.changed ? "wb-did" : null, title: adjointStage(stage) })));
  const slider = el("input", { type: "range", min: "0", max: String(stages.length - 1), step: "1", value: "0",
    "aria-label": "stage of the compilation" });
  const next = (from, step) => {
    let k = from + step;
    while (skips && k > 0 && k < stages.length - 1 && !changed[k]) k += step;
    return Math.max(0, Math.min(stages.length - 1, k));
  };
  const show = async number => {
    current = number;
    slider.value = String(number);
    slider.setAttribute("aria-valuetext", `${number + 1} of ${stages.length}, ${adjointStage(stages[number])}`);
    Array.from(ticks.children).forEach((tick, k) => tick.classList.toggle("wb-here", k === number));
    title.textContent = adjointStage(stages[number]);
    said.textContent = `${number + 1} of ${stages.length}`;
    if (!known.has(number)) known.set(number, link.ask({ what: "stage", number }));
    try {
      const stage = await known.get(number);
      if (current !== number) return;
      said.textContent = `${number + 1} of ${stages.length}: ${adjointChanges(stage, stages[number])}`;
      code.replaceChildren(...adjointDifference(stage, mode));
    } catch (error) {
      known.delete(number);
      said.textContent = error.message;
    }
  };
  slider.addEventListener("input", () => {
    let k = Number(slider.value);
    const step = k < current ? -1 : 1;
    if (skips && !changed[k] && k !== 0 && k !== stages.length - 1) k = next(k, step);
    show(k);
  });
  const modes = ["difference", "before", "after"].map(name => el("button", { class: "wb-button", type: "button",
    "aria-pressed": String(name === mode), onclick: event => {
      mode = name;
      for (const other of modes) other.setAttribute("aria-pressed", String(other === event.currentTarget));
      show(current);
    } }, name));
  const skip = el("input", { type: "checkbox", checked: true, onchange: () => { skips = skip.checked; } });
  panel.replaceChildren(
    el("div", { class: "wb-passes-top" },
      el("span", { class: "wb-group", role: "group", "aria-label": "step" },
        el("button", { class: "wb-button", type: "button", "aria-label": "stage before", onclick: () => show(next(current, -1)) }, "◀"),
        el("button", { class: "wb-button", type: "button", "aria-label": "next stage", onclick: () => show(next(current, 1)) }, "▶")),
      title, said,
      el("span", { class: "wb-group", role: "group", "aria-label": "what is shown", style: "margin-left: auto" }, modes),
      el("label", { class: "wb-passes-said" }, skip, " skip passes that change nothing")),
    slider, ticks, code);
  const grad = stages.findIndex(stage => ["grad", "vjp"].includes(stage.phase));
  show(Math.max(0, grad));
}

function adjointStage(stage) {
  return stage.step ? `${stage.phase}: ${stage.step} (${stage.function})` : stage.phase;
}

function adjointChanges({ signs, first }, { changed }) {
  if (first) return `${signs.length} lines`;
  const count = sign => signs.split(sign).length - 1;
  const [more, less] = [count("+"), count("-")];
  if (!more && !less) return changed ? "only numbers in names change" : "nothing changes";
  return [[more, "+"], [less, "−"]].filter(([n]) => n).map(([n, sign]) => `${sign}${n}`).join(" ")
    + (more + less === 1 ? " line" : " lines");
}

/** The lines to show: of differences those around, the rest as rows of dots. */
function adjointDifference({ signs, lines, before, after, first }, mode) {
  const row = (kind, text) => el("span", { class: `wb-diff${kind}` }, `${text}\n`);
  if (first || mode === "after") return after.map(text => row("", text));
  if (mode === "before") return before.map(text => row("", text));
  const near = new Uint8Array(lines.length);
  for (let k = 0; k < lines.length; k++) {
    if (signs[k] !== " ") near.fill(1, Math.max(0, k - ADJOINT_AROUND), k + ADJOINT_AROUND + 1);
  }
  const rows = [];
  for (let k = 0; k < lines.length; k++) {
    if (near[k]) rows.push(row({ "+": " wb-diff-add", "-": " wb-diff-del", " ": "" }[signs[k]], `${signs[k]} ${lines[k]}`));
    else if (!k || near[k - 1]) rows.push(row(" wb-diff-gap", "  …"));
  }
  return rows.length ? rows : [row(" wb-diff-gap", "  …")];
}
