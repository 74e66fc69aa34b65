// The panel itself: what is shown, put together from its parts. It asks nothing: `controller.ts` gives it what to show.

import { Widget } from "@lumino/widgets";
import type { Message } from "@lumino/messaging";
import { type ISignal, Signal } from "@lumino/signaling";

import { el } from "../../workbench_jupyter/static/dom.js";
import { icons } from "./icons";
import { Changes } from "./parts/changes";
import { Head } from "./parts/head";
import { lightLine } from "./parts/here";
import { Problems } from "./parts/problems";
import { Sliders } from "./parts/sliders";
import { Tabs, TABS } from "./parts/tabs";
import { TotalsTable } from "./parts/totals";
import { ViewHost, type ViewSource } from "./parts/views";
import type { View } from "./protocol";
import { type Mark, saidOf } from "./shares";
import { type CellState, numbersOf, sizesOf, type Wishes, wishesOf } from "./state";

export interface PanelActions extends ViewSource {
  go(line: number, column?: number): void;
  wish(wishes: Partial<Wishes>): void;
  size(name: string, size: number): void;
  compare(): void;
  compareWithRun(): void;
  tabChosen(view: View): void;
  follow(): void;
  gutter(): void;
  move(): void;
  leave(): void;
  /** A key that may be a shortcut of JupyterLab's. */
  shortcut(event: KeyboardEvent): void;
}

/** What stands in the panel's place of a function, and what can be done about it. */
export interface Notice {
  text: string;
  detail?: string;
  button?: { label: string; act(): void };
}

export class Panel extends Widget {
  constructor(private readonly act: PanelActions, first: View) {
    super();
    this.id = "ad-workbench-panel";
    this.addClass("adw-Panel");
    this.title.icon = icons.panel;
    this.title.caption = "Cost and Adjoint";
    this.title.closable = true;
    this.head = new Head(act);
    this.sliders = new Sliders((name, size) => act.size(name, size));
    this.changes = new Changes(act);
    this.problems = new Problems((line, column) => act.go(line, column));
    this.tabs = new Tabs(first, view => act.tabChosen(view));
    this.hosts = new Map(TABS.map(([view]) => [view, new ViewHost(view, act)]));
    this.body = el("div", { class: "adw-Body" }, this.head.node, this.sliders.node,
      el("div", { class: "adw-Figures" }, this.totals.node, this.changes.node), this.line, this.tabs.list, this.tabs.panel);
    const tools = el("div", { class: "adw-Top" }, this.head.title,
      el("div", { class: "adw-Tools", role: "toolbar", "aria-label": "panel" }, this.followButton, this.gutterButton, this.moveButton));
    const foot = el("div", { class: "adw-Foot" }, this.status, this.problems.node);
    this.node.append(tools, this.notice, this.body, foot, this.live);
    this.node.setAttribute("role", "region");
    this.node.setAttribute("aria-label", "Cost and Adjoint");
    this.node.addEventListener("keydown", event => {
      if (event.key === "Escape" && !event.defaultPrevented) act.leave();
    });
    // views keep what is typed in them from JupyterLab: here shortcuts go by them, and the way back to the cell
    this.tabs.panel.addEventListener("keydown", event => {
      if (event.altKey && event.shiftKey) act.shortcut(event);
      if (event.key === "Escape" && !this.tabs.panel.querySelector(".wb-pinned, .wb-why")) act.leave();
    }, { capture: true });
    this.notice.hidden = this.body.hidden = this.head.title.hidden = this.status.hidden = true;
  }

  readonly tabs: Tabs;

  /** Whether the panel can be seen has changed. */
  get seen(): ISignal<this, boolean> {
    return this.seenSignal;
  }

  /** Show what is known of a cell; `notice` instead where there is nothing. */
  showCell(state: CellState, notice: Notice | null): void {
    const { analysis } = state;
    const numbers = numbersOf(state);
    this.body.hidden = this.head.title.hidden = !analysis || notice !== null;
    this.say(notice);
    this.problems.update(notice ? [] : state.problems, analysis !== null && !state.stale);
    this.node.classList.toggle("adw-mod-empty", this.body.hidden);
    this.node.classList.toggle("adw-mod-stale", state.stale);
    if (!analysis || !numbers || notice) return;
    const wishes = wishesOf(state);
    this.head.update(analysis, wishes);
    this.sliders.update(analysis.dims, sizesOf(state));
    this.totals.update(numbers.totals, numbers.pending);
    this.changes.update(numbers.change, state.ownBaseline, numbers.pending);
  }

  /** Show the view of the tab that is chosen. */
  async showView(state: CellState): Promise<void> {
    const { analysis } = state;
    if (!analysis || this.body.hidden) return;
    const view = this.tabs.current;
    const host = this.hosts.get(view)!;
    if (this.tabs.panel.firstChild !== host.node) this.tabs.panel.replaceChildren(host.node);
    if (!analysis.views.includes(view)) {
      host.empty(view === "change" ? "There is nothing to compare with yet. Run the cell, or press “compare from here” and go on editing."
        : `There is no ${view} of this function.`);
      return;
    }
    try {
      await host.show(analysis.key, sizesOf(state));
      lightLine(this.tabs.panel, this.cursor);
    } catch (error) {
      host.empty(`This view could not be made: ${(error as Error).message}`);
    }
  }

  /** What is known of the line that the cursor is on. */
  showLine(line: number, mark: Mark | null): void {
    this.cursor = line;
    lightLine(this.tabs.panel, line);
    this.line.replaceChildren(el("b", {}, `line ${line}`), mark ? ` ${mark.facts.join(" · ")}` : " nothing that is counted");
  }

  /** A short word on what is going on; empty where all is well. */
  showStatus(text: string): void {
    this.status.textContent = text;
    this.status.hidden = text === "";
  }

  showBusy(on: boolean): void {
    this.node.classList.toggle("adw-mod-busy", on);
  }

  showToggles(follows: boolean, gutter: boolean, inMain: boolean): void {
    this.followButton.setAttribute("aria-pressed", String(follows));
    this.followButton.title = follows ? "Follows the cursor; press to stay with this cell" : "Stays with this cell; press to follow the cursor";
    this.gutterButton.setAttribute("aria-pressed", String(gutter));
    this.moveButton.title = inMain ? "Move to the right" : "Move to the main area";
    this.moveButton.setAttribute("aria-label", this.moveButton.title);
  }

  /** Say something to those who cannot see the panel change. */
  announce(text: string): void {
    if (this.live.textContent !== text) this.live.textContent = text;
  }

  read(mark: Mark | null, line: number): void {
    this.live.textContent = "";
    this.live.textContent = mark ? saidOf(mark) : `line ${line}: nothing that is counted`;
  }

  dispose(): void {
    if (this.isDisposed) return;
    for (const host of this.hosts.values()) host.dispose();
    super.dispose();
  }

  /** A panel that is closed is gone: the next one is a new one. */
  protected onCloseRequest(message: Message): void {
    super.onCloseRequest(message);
    this.dispose();
  }

  protected onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.seenSignal.emit(true);
  }

  protected onAfterHide(message: Message): void {
    super.onAfterHide(message);
    this.seenSignal.emit(false);
  }

  protected onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this.seenSignal.emit(this.isVisible);
  }

  protected onBeforeDetach(message: Message): void {
    super.onBeforeDetach(message);
    this.seenSignal.emit(false);
  }

  /** Take the keyboard; being shown does not, since who writes in a cell goes on writing. */
  focus(): void {
    const button = this.notice.querySelector("button");
    if (!this.body.hidden) this.tabs.focus();
    else if (button && !this.notice.hidden) button.focus();
    else this.followButton.focus();
  }

  private say(notice: Notice | null): void {
    const text = JSON.stringify(notice);
    if (text === this.noticeText) return;
    this.noticeText = text;
    this.notice.hidden = notice === null;
    if (!notice) return;
    this.notice.replaceChildren(el("p", { class: "adw-NoticeText" }, notice.text),
      notice.detail ? el("p", { class: "adw-Hint" }, notice.detail) : "",
      notice.button ? el("button", { type: "button", class: "adw-Button", onclick: () => notice.button!.act() }, notice.button.label) : "");
  }

  private cursor = 0;
  private noticeText = "null";
  private readonly seenSignal = new Signal<this, boolean>(this);
  private readonly head: Head;
  private readonly sliders: Sliders;
  private readonly totals = new TotalsTable();
  private readonly changes: Changes;
  private readonly problems: Problems;
  private readonly hosts: Map<View, ViewHost>;
  private readonly body: HTMLElement;
  private readonly line = el("div", { class: "adw-Line" });
  private readonly notice = el("div", { class: "adw-Notice" });
  private readonly status = el("div", { class: "adw-Status" });
  private readonly live = el("div", { class: "adw-Live", role: "status", "aria-live": "polite" });
  private readonly followButton = this.tool("follow", "Follow the cursor", () => this.act.follow());
  private readonly gutterButton = this.tool("gutter", "Show costs beside the lines in the editor", () => this.act.gutter());
  private readonly moveButton = this.tool("move", "Move to the main area", () => this.act.move());

  private tool(icon: keyof typeof icons, label: string, act: () => void): HTMLButtonElement {
    const button = el("button", { type: "button", class: "adw-Tool", "aria-label": label, title: label, onclick: act });
    icons[icon].element({ container: button });
    return button;
  }
}
