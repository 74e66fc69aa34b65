// A gradient's cell view: source and adjoint side by side. The keyboard does what pointing does: a line lights up the
// lines of the other program that belong to it.

import { copied, el } from "./dom.js";

const CSS = `.wb-alive .wb-row:focus { outline: 2px solid var(--wb-accent); outline-offset: -2px; }
.wb-alive .wb-row.wb-lit { background: var(--wb-hit); }
.wb-tools { margin-left: auto; }`;

const matchOf = row => Array.from(row.classList).find(name => /^wb-l\d+$/.test(name));

export function mount(element, data) {
  const view = element.querySelector(".wb-view");
  view.classList.add("wb-alive");
  view.append(el("style", {}, CSS));
  const programs = Array.from(view.querySelectorAll(".wb-program"));
  for (const program of programs) enableKeys(program, view);
  if (data.adjoint) {
    const text = data.adjoint.lines.map(line => line.text).join("\n");
    const button = el("button", { class: "wb-button", type: "button", onclick: async () => {
      button.textContent = (await copied(text)) ? "copied" : "not allowed";
      setTimeout(() => { button.textContent = "copy the adjoint"; }, 1500);
    } }, "copy the adjoint");
    view.querySelector(".wb-head").append(el("span", { class: "wb-tools" }, button));
  }
}

function enableKeys(program, view) {
  const rows = Array.from(program.querySelectorAll(".wb-row"));
  if (!rows.length) return;
  rows.forEach((row, index) => { row.tabIndex = index ? -1 : 0; });
  program.addEventListener("keydown", event => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const from = rows.indexOf(event.target);
    if (!step || from < 0) return;
    event.preventDefault();
    event.stopPropagation();
    const next = rows[Math.max(0, Math.min(rows.length - 1, from + step))];
    rows[from].tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  });
  program.addEventListener("focusin", event => light(view, event.target.closest(".wb-row")));
  program.addEventListener("focusout", () => light(view, null));
}

function light(view, row) {
  for (const lit of view.querySelectorAll(".wb-lit")) lit.classList.remove("wb-lit");
  const match = row && matchOf(row);
  if (!match) return;
  for (const partner of view.querySelectorAll(`.${match}`)) {
    partner.classList.add("wb-lit");
    if (partner.closest(".wb-program") !== row.closest(".wb-program")) {
      const code = partner.closest(".wb-code");
      if (code) code.scrollTop = partner.offsetTop - code.offsetTop - code.clientHeight / 3;
    }
  }
}
