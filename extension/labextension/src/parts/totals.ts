// What the function costs, and its gradient: a table of figures with the ratio of the two.

import { el } from "../../../workbench_jupyter/static/dom.js";
import { overhead, QUANTITIES, written } from "../figures";
import { numberOf, type Totals } from "../protocol";

export class TotalsTable {
  readonly node = el("table", { class: "adw-Totals" });

  /** `pending`: the gradient is that of before, or not known yet. */
  update({ value, gradient }: { value: Totals; gradient: Totals | null }, pending: boolean): void {
    const waits = pending && !gradient; // all rows that there may be: none comes later
    const rows = QUANTITIES.filter(([quantity]) => waits || known(value, quantity) || (gradient && known(gradient, quantity)));
    this.node.classList.toggle("adw-mod-pending", pending);
    this.node.ariaBusy = String(pending);
    this.node.replaceChildren(
      el("thead", {}, el("tr", {}, el("td"), el("th", { scope: "col" }, "value"), el("th", { scope: "col" }, "gradient"),
        el("th", { scope: "col", title: "the gradient's over the value's" }, "ratio"))),
      el("tbody", {}, rows.map(([quantity, word, meaning]) => el("tr", {},
        el("th", { scope: "row", title: meaning }, word),
        el("td", { title: value.texts?.[quantity] }, quantity === "residuals" ? "" : written(quantity, value[quantity])),
        el("td", { title: gradient?.texts?.[quantity] }, gradient ? written(quantity, gradient[quantity]) : waits ? "…" : "–"),
        el("td", {}, overhead(value, gradient, quantity))))));
  }
}

const known = (totals: Totals, quantity: keyof Totals): boolean =>
  !Number.isNaN(numberOf(totals[quantity] as Totals["flops"]));
