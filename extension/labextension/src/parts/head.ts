// The head of the panel: which function it is about, its arguments, what it is differentiated with respect to.

import { el } from "../../../workbench_jupyter/static/dom.js";
import type { Analysis } from "../protocol";
import type { Wishes } from "../state";

export interface HeadActions {
  go(line: number): void;
  wish(wishes: Partial<Wishes>): void;
}

export class Head {
  constructor(act: HeadActions) {
    this.name = el("button", { type: "button", class: "adw-Name", title: "Go to this function", onclick: () => {
      if (this.first) act.go(this.first);
    } });
    this.place = el("span", { class: "adw-Place" });
    this.others = el("select", { class: "adw-Name", "aria-label": "function", title: "Functions of this cell", onchange: () => {
      act.go(Number(this.others.value));
    } });
    this.arguments = new Wish("arguments", "Types of the arguments: x: f64[n], k: int", text => act.wish({ arguments: text }));
    this.wrt = new Wish("with respect to", "Names or places of arguments: x, y", text => act.wish({ wrt: text }));
    this.title = el("div", { class: "adw-Title" }, this.name, this.others, this.place);
    this.node = el("div", { class: "adw-Head" }, this.arguments.node, this.wrt.node);
  }

  /** The function's name, apart from the rest: it stays in sight. */
  readonly title: HTMLElement;
  readonly node: HTMLElement;

  update(analysis: Analysis, wishes: Wishes): void {
    this.first = analysis.first;
    this.name.textContent = analysis.name;
    this.place.textContent = analysis.first === analysis.last ? `line ${analysis.first}` : `lines ${analysis.first}–${analysis.last}`;
    const several = analysis.functions.length > 1;
    this.others.hidden = !several;
    this.name.hidden = several;
    if (several) {
      this.others.replaceChildren(...analysis.functions.map(({ name, first }) =>
        el("option", { value: first, selected: first === analysis.first }, name)));
    }
    const { text, source } = analysis.arguments;
    this.arguments.update(text, wishes.arguments, /^(the|its) /.test(source) ? `from ${source}` : source);
    const { wrt } = analysis;
    this.wrt.update(wrt?.text ?? "", wishes.wrt, wrt?.source ?? (wishes.wrt === null ? "" : "written here"));
  }

  private first = 0;
  private readonly name: HTMLButtonElement;
  private readonly place: HTMLElement;
  private readonly others: HTMLSelectElement;
  private readonly arguments: Wish;
  private readonly wrt: Wish;
}

/** A text that is found by itself and can be written instead; written empty, it is found again. */
class Wish {
  constructor(label: string, hint: string, private readonly wish: (text: string | null) => void) {
    this.field = el("input", { type: "text", class: "adw-Field", "aria-label": label, title: hint, placeholder: "all that are real", spellcheck: "false",
      autocomplete: "off", onkeydown: (event: KeyboardEvent) => {
        if (event.key === "Enter") this.commit();
        if (event.key === "Escape" && this.field.value !== this.text) {
          event.stopPropagation();
          this.field.value = this.text;
          this.isTyped = false;
        }
      }, oninput: () => { this.isTyped = true; }, onchange: () => this.commit() });
    this.source = el("span", { class: "adw-Source" });
    this.back = el("button", { type: "button", class: "adw-Link", hidden: true, onclick: () => {
      this.field.value = "";
      this.commit();
    } }, "find it again");
    this.node = el("div", { class: "adw-Wish" }, el("span", { class: "adw-Label", "aria-hidden": "true" }, label),
      this.field, el("span", { class: "adw-Said" }, this.source, this.back));
  }

  readonly node: HTMLElement;

  update(found: string, wished: string | null, source: string): void {
    this.text = wished ?? found;
    this.isWished = wished !== null;
    if (!this.isTyped) this.field.value = this.text; // what is being written stays
    this.source.textContent = source;
    this.back.hidden = wished === null;
  }

  private commit(): void {
    const written = this.field.value.trim();
    this.isTyped = false;
    if (written === this.text && (written !== "" || !this.isWished)) return;
    this.wish(written === "" ? null : written);
  }

  private text = "";
  private isWished = false;
  private isTyped = false;
  private readonly field: HTMLInputElement;
  private readonly source: HTMLElement;
  private readonly back: HTMLButtonElement;
}
