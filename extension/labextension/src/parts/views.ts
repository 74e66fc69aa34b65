// The tabs with the live views of the notebook's cells, in the panel: the same modules, the same static HTML below them.
//
// A view that is replaced by that of a newer text hands on how it was looked at: what was open, chosen, typed and
// scrolled. It is put in place of the older one when it is complete, so nothing flickers.

import { el } from "../../../workbench_jupyter/static/dom.js";
import type { Sizes, View, ViewAnswer } from "../protocol";
import { looked, lookAgain } from "./looking";

type Module = { mount(element: HTMLElement, data: unknown, link: { ask(question: unknown): Promise<unknown> }): unknown };

const MODULES: Record<string, () => Promise<Module>> = {
  cost: () => import("../../../workbench_jupyter/static/cost.js"),
  gradient: () => import("../../../workbench_jupyter/static/gradient.js"),
  tape: () => import("../../../workbench_jupyter/static/tape.js"),
  comparison: () => import("../../../workbench_jupyter/static/comparison.js"),
};

export interface ViewSource {
  view(key: string, view: View): Promise<ViewAnswer>;
  ask(key: string, view: View, question: unknown): Promise<unknown>;
}

/** Pixels below which a view opens with less: without the source, which the notebook shows beside the panel, and with
 *  numbers, which are shorter than formulas, in comparisons. */
const NARROW = 700;

function firstLook(node: HTMLElement, view: View): void {
  const button = (selector: string, text: string) =>
    Array.from(node.querySelectorAll<HTMLElement>(selector)).find(found => found.textContent === text);
  if (view === "adjoint") button('[aria-pressed="true"]', "source")?.click();
  if (view === "change") button('[role=radio][aria-checked="false"]', "numbers")?.click();
}

/** A view's data with its open sizes where the panel's sliders are. */
function openedAt(data: unknown, sizes: Sizes): unknown {
  const open = (data as { open?: Sizes } | null)?.open;
  if (!open) return data;
  return { ...data as object, open: Object.fromEntries(Object.entries(open).map(([name, size]) => [name, sizes[name] ?? size])) };
}

/** One tab's view, of the key that it was made for. */
export class ViewHost {
  constructor(readonly view: View, private readonly source: ViewSource) {}

  readonly node = el("div", { class: "adw-View" });

  /** Show the view of a key; resolves when it is in place. */
  async show(key: string, sizes: Sizes): Promise<void> {
    if (key === this.key) {
      if (this.isThere) this.at(sizes);
      return;
    }
    this.key = key;
    this.node.classList.add("adw-mod-older");
    let answer: ViewAnswer;
    try {
      answer = await this.source.view(key, this.view);
    } catch (error) {
      if (key !== this.key) return; // a newer one is on its way
      throw error;
    }
    if (key !== this.key) return;
    const { kind, html, data } = answer;
    const element = el("div");
    element.innerHTML = html; // made by the kernel with every text of the user's escaped
    const link = { ask: (question: unknown) => this.source.ask(key, this.view, question) };
    const before = looked(this.node);
    const unmount = await (await MODULES[kind]?.())?.mount(element, openedAt(data, sizes), link);
    if (key !== this.key) {
      if (typeof unmount === "function") unmount();
      return;
    }
    this.unmount();
    if (typeof unmount === "function") this.unmount = unmount as () => void;
    this.node.replaceChildren(element);
    this.node.classList.remove("adw-mod-older");
    this.isThere = true;
    if (this.wasThere) lookAgain(this.node, before);
    else if (this.node.offsetWidth < NARROW) firstLook(this.node, this.view);
    this.wasThere = true;
    this.at(sizes);
  }

  dispose(): void {
    this.key = null;
    this.isThere = false;
    this.unmount();
    this.unmount = () => {};
  }

  /** Nothing to show, and why. */
  empty(why: string): void {
    this.dispose();
    this.node.classList.remove("adw-mod-older");
    this.node.replaceChildren(el("p", { class: "adw-Hint" }, why));
  }

  /** Have the view's own sliders, which the panel's stand for, where the panel's are. */
  private at(sizes: Sizes): void {
    for (const row of this.node.querySelectorAll(".wb-cost-slider")) {
      const size = sizes[row.querySelector("label")?.textContent ?? ""];
      const field = row.querySelector<HTMLInputElement>("input[type=number]");
      if (!field || size === undefined || Number(field.value) === size) continue;
      field.value = String(size);
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }

  private key: string | null = null;
  private isThere = false;
  private wasThere = false;
  private unmount: () => void = () => {};
}
