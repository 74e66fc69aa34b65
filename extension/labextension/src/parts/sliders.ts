// Sliders for the dimensions, logarithmic, each with a field for the number itself.

import { el } from "../../../workbench_jupyter/static/dom.js";
import { sizeText } from "../figures";
import type { Dimension, Sizes } from "../protocol";
import { placeOf, sizeAt, sizeFrom } from "../scale";

const STEPS = 400;

export class Sliders {
  constructor(private readonly changed: (name: string, size: number) => void) {}

  readonly node = el("div", { class: "adw-Sliders", role: "group", "aria-label": "dimensions" });

  update(dims: Dimension[], sizes: Sizes): void {
    const shape = JSON.stringify(dims.map(({ name, least, most }) => [name, least, most]));
    if (shape !== this.shape) {
      this.shape = shape;
      this.rows = dims.map(dimension => this.row(dimension));
      this.node.replaceChildren(...this.rows.map(({ node }) => node));
      this.node.hidden = !dims.length;
    }
    for (const row of this.rows) row.put(sizes[row.name], null);
  }

  private row(dimension: Dimension): Row {
    const { name } = dimension;
    const range = el("input", { type: "range", min: 0, max: STEPS, step: 1, "aria-label": name, oninput: () => {
      put(sizeAt(Number(range.value) / STEPS, dimension), range);
    } });
    const number = el("input", { type: "text", inputmode: "numeric", class: "adw-Field", "aria-label": `${name}, as a number`,
      oninput: () => {
        const size = sizeFrom(number.value, dimension);
        number.toggleAttribute("aria-invalid", size === null);
        if (size !== null) put(size, number);
      }, onblur: () => { number.value = String(current); } });
    let current = NaN;
    const put = (size: number, from: HTMLElement | null) => {
      if (size === current && from === null) return;
      current = size;
      if (from !== range && document.activeElement !== range) range.value = String(Math.round(STEPS * placeOf(size, dimension)));
      if (from !== number && document.activeElement !== number) number.value = String(size);
      range.setAttribute("aria-valuetext", `${name} = ${sizeText(size)}`);
      if (from) this.changed(name, size);
    };
    return { name, node: el("div", { class: "adw-Slider" }, el("span", { class: "adw-Label", title: name }, name), range, number), put };
  }

  private rows: Row[] = [];
  private shape = "";
}

interface Row {
  name: string;
  node: HTMLElement;
  put(size: number, from: HTMLElement | null): void;
}
