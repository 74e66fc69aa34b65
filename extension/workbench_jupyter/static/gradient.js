// A gradient's view: source, primal IR and adjoint side by side, what is kept, and the passes that the program went
// through. The static view stays where it is; this makes it answer.

import { adjointColumns } from "./adjoint_columns.js";
import { adjointKept } from "./adjoint_kept.js";
import { adjointPasses } from "./adjoint_passes.js";
import { ADJOINT_CSS } from "./adjoint_style.js";
import { copied, download, el } from "./dom.js";

export function mount(element, data, link) {
  const view = element.querySelector(".wb-view");
  view.classList.add("wb-alive");
  view.setAttribute("role", "group");
  view.setAttribute("aria-label", `gradient of ${data.title}`);
  for (const style of view.querySelectorAll("style")) {
    // pointing is answered below; a rule for each line would be looked at on every move
    style.textContent = style.textContent.replace(/^\.wb-programs:has\(.*\n/gm, "");
  }
  view.append(el("style", {}, ADJOINT_CSS));
  view.addEventListener("keydown", event => {
    // JupyterLab takes keys as commands: what is typed in a view is the view's
    if (!event.ctrlKey && !event.metaKey) event.stopPropagation();
  });
  const status = el("span", { class: "wb-status", role: "status" });
  const columns = adjointColumns(view, data);
  if (columns) adjointKept(view, data, columns);
  const tools = el("div", { class: "wb-tools", role: "toolbar", "aria-label": "what is shown, copy and export" });
  if (columns) tools.append(columns.toggles);
  if (data.adjoint) {
    tools.append(adjointPasses(view, link, status), adjointExports(data, link, status));
  } else if (columns) {
    tools.append(adjointJson(data));
  }
  tools.append(status);
  view.querySelector(".wb-head").append(tools);
}

function adjointExports(data, link, status) {
  const name = (/def (\w+)/.exec(data.adjoint.lines.map(line => line.text).join("\n")) ?? [0, "adjoint"])[1];
  const text = data.adjoint.lines.map(line => line.text).join("\n");
  return el("span", { class: "wb-group", role: "group", "aria-label": "export" },
    el("button", { class: "wb-button", type: "button", onclick: async () => {
      adjointSay(status, (await copied(text)) ? "copied" : "the browser does not allow it");
    } }, "copy adjoint"),
    el("button", { class: "wb-button", type: "button", title: "a file that needs NumPy and Numba alone", onclick: async () => {
      try {
        adjointSay(status, "…");
        download(`${name}.py`, await link.ask({ what: "export" }), "text/x-python");
        adjointSay(status, `${name}.py`);
      } catch (error) {
        adjointSay(status, error.message, 8000);
      }
    } }, ".py"),
    adjointJson(data));
}

function adjointJson(data) {
  return el("button", { class: "wb-button", type: "button", title: "all that is shown, as data",
    onclick: () => download("gradient.json", JSON.stringify(data, null, 1), "application/json") }, "JSON");
}

function adjointSay(status, text, milliseconds = 2500) {
  status.textContent = text;
  clearTimeout(status.timer);
  status.timer = setTimeout(() => { status.textContent = ""; }, milliseconds);
}
