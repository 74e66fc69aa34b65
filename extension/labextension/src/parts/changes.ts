// What has become of flops, bytes and peak since the last run, or since where somebody began to compare.

import { el } from "../../../workbench_jupyter/static/dom.js";
import { difference, sinceOf } from "../figures";
import type { Change } from "../protocol";

const SIGNS = { more: "▲", less: "▼", same: "=" };

export class Changes {
  constructor(act: { compare(): void; compareWithRun(): void }) {
    this.since = el("span", { class: "adw-Label" });
    this.rows = el("ul", { class: "adw-Changes" });
    this.back = el("button", { type: "button", class: "adw-Link", onclick: () => act.compareWithRun() }, "compare with its last run");
    const here = el("button", { type: "button", class: "adw-Link", title: "What you change from now on is compared with the text as it is",
      onclick: () => act.compare() }, "compare from here");
    this.node = el("div", { class: "adw-Change" }, el("div", { class: "adw-Since" }, this.since, here, this.back), this.rows);
  }

  readonly node: HTMLElement;

  /** `pending`: the change is that of before. */
  update(change: Change | null, ownBaseline: boolean, pending: boolean): void {
    this.node.classList.toggle("adw-mod-pending", pending);
    const differences = (change?.rows ?? []).filter(({ what }) => what !== "allocated").map(difference);
    const changed = differences.some(({ direction }) => direction !== "same");
    this.since.textContent = !change ? (ownBaseline ? "unchanged since then" : "nothing to compare with yet")
      : [changed ? "" : "unchanged", sinceOf(change), changed && change.rows[0]?.of ? `(${change.rows[0].of})` : ""].filter(Boolean).join(" ");
    this.back.hidden = !ownBaseline;
    this.rows.hidden = !changed; // all of them or none: what stands below moves less
    this.rows.replaceChildren(...differences.map(({ what, before, after, ratio, direction, said }) =>
      el("li", { class: `adw-mod-${direction}`, "aria-label": said },
        el("span", { class: "adw-What" }, what),
        el("span", { class: "adw-Sign", "aria-hidden": "true" }, SIGNS[direction]),
        el("span", {}, before), el("span", { "aria-hidden": "true" }, before ? "→" : ""), el("span", {}, after), el("b", {}, ratio))));
  }

  private readonly since: HTMLElement;
  private readonly rows: HTMLElement;
  private readonly back: HTMLElement;
}
