// What is wrong with the text, or is to be remarked on it, each with a link to its line.

import { el } from "../../../workbench_jupyter/static/dom.js";
import type { Problem } from "../protocol";

export class Problems {
  constructor(private readonly go: (line: number, column?: number) => void) {}

  readonly node = el("ul", { class: "adw-Problems", "aria-label": "problems" });

  update(problems: Problem[], areRemarks: boolean): void {
    this.node.classList.toggle("adw-mod-remarks", areRemarks);
    this.node.setAttribute("aria-label", areRemarks ? "remarks" : "problems");
    const text = JSON.stringify(problems);
    if (text === this.text) return;
    this.text = text;
    this.node.hidden = !problems.length;
    this.node.replaceChildren(...problems.map(({ line, column, message }) => el("li", {},
      line ? el("button", { type: "button", class: "adw-Link", onclick: () => this.go(line, column ?? 0) }, `line ${line}`) : null,
      line ? " " : null, message)));
  }

  private text = "";
}
