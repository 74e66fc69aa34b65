// A list of tabs as WAI-ARIA has it: the arrow keys move among them, one panel below belongs to the one that is chosen.

import { el } from "../../../workbench_jupyter/static/dom.js";
import type { View } from "../protocol";

export const TABS: [View, string][] = [["cost", "Cost"], ["adjoint", "Adjoint"], ["tape", "Tape"], ["change", "Change"]];

export class Tabs {
  constructor(first: View, private readonly chosen: (view: View) => void) {
    this.current = first;
    this.buttons = TABS.map(([view, label]) => el("button", { type: "button", role: "tab", class: "adw-Tab", id: `adw-tab-${view}`,
      "aria-controls": "adw-tabpanel", "data-view": view, onclick: () => this.choose(view) }, label));
    this.list = el("div", { role: "tablist", class: "adw-Tabs", "aria-label": "views of the function", onkeydown: (event: KeyboardEvent) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      const end = { Home: 0, End: TABS.length - 1 }[event.key];
      if (step === undefined && end === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      if (end !== undefined) this.choose(TABS[end][0]);
      else this.step(step!);
      this.focus();
    } }, this.buttons);
    this.panel = el("div", { role: "tabpanel", id: "adw-tabpanel", class: "adw-TabPanel", tabindex: "0" });
    this.mark();
  }

  readonly list: HTMLElement;
  readonly panel: HTMLElement;
  current: View;

  choose(view: View): void {
    if (view === this.current) return;
    this.current = view;
    this.mark();
    this.chosen(view);
  }

  /** The next tab, or the one before; after the last comes the first. */
  step(by: number): void {
    const place = TABS.findIndex(([view]) => view === this.current);
    this.choose(TABS[(place + by + TABS.length) % TABS.length][0]);
  }

  focus(): void {
    this.buttons.find(button => button.dataset.view === this.current)?.focus();
  }

  private mark(): void {
    for (const button of this.buttons) {
      const on = button.dataset.view === this.current;
      button.setAttribute("aria-selected", String(on));
      button.tabIndex = on ? 0 : -1;
    }
    this.panel.setAttribute("aria-labelledby", `adw-tab-${this.current}`);
  }

  private readonly buttons: HTMLButtonElement[];
}
