// How a view is looked at: what of it is open, chosen, typed and scrolled, to be found again in the next view of its kind.

export interface Looked {
  opened: Map<string, boolean>;
  chosen: Map<string, string>;
  pressed: Map<string, boolean>;
  typed: Map<string, string>;
  scrolled: Map<string, [number, number]>;
}

const summaryOf = (details: Element, place: number): string =>
  `${place} ${(details.querySelector("summary")?.textContent ?? "").replace(/[\d.,]+/g, "").trim()}`;
const labelOf = (node: Element): string => node.getAttribute("aria-label") ?? node.textContent ?? "";
const fields = (root: Element) =>
  Array.from(root.querySelectorAll<HTMLInputElement | HTMLSelectElement>(
    "input[type=range][aria-label], input[type=search][aria-label], input[type=text][aria-label], select[aria-label]"))
    .filter(field => !field.closest(".wb-cost-slider")); // (those stand where the panel's stand)

/** The way a view is looked at now. */
export function looked(root: Element): Looked {
  const opened = new Map(Array.from(root.querySelectorAll("details"), (node, k) => [summaryOf(node, k), node.open]));
  const chosen = new Map<string, string>();
  for (const group of root.querySelectorAll("[role=radiogroup]")) {
    const on = group.querySelector('[role=radio][aria-checked="true"]');
    if (on) chosen.set(labelOf(group), labelOf(on));
  }
  const pressed = new Map(Array.from(root.querySelectorAll("[aria-pressed]"),
    node => [labelOf(node), node.getAttribute("aria-pressed") === "true"]));
  const typed = new Map(fields(root).map(field => [labelOf(field), field.value]));
  const scrolled = new Map<string, [number, number]>();
  for (const node of root.querySelectorAll("*")) {
    if (node.scrollTop || node.scrollLeft) scrolled.set(placeOf(node, root), [node.scrollTop, node.scrollLeft]);
  }
  return { opened, chosen, pressed, typed, scrolled };
}

/** Have a new view looked at in that way, as far as it has the same parts. */
export function lookAgain(root: Element, { opened, chosen, pressed, typed, scrolled }: Looked): void {
  Array.from(root.querySelectorAll("details")).forEach((node, k) => {
    const open = opened.get(summaryOf(node, k));
    if (open !== undefined) node.open = open;
  });
  for (const group of root.querySelectorAll("[role=radiogroup]")) {
    const wanted = chosen.get(labelOf(group));
    const button = Array.from(group.querySelectorAll<HTMLElement>("[role=radio]")).find(node => labelOf(node) === wanted);
    if (button?.getAttribute("aria-checked") === "false") button.click();
  }
  for (const button of root.querySelectorAll<HTMLElement>("[aria-pressed]")) {
    const on = pressed.get(labelOf(button));
    if (on !== undefined && on !== (button.getAttribute("aria-pressed") === "true")) button.click();
  }
  for (const field of fields(root)) {
    const value = typed.get(labelOf(field));
    if (value === undefined || value === field.value) continue;
    field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }
  for (const [place, [top, left]] of scrolled) {
    const node = root.querySelector(place);
    if (node) [node.scrollTop, node.scrollLeft] = [top, left];
  }
}

/** A selector of a node below a root by places of children. */
function placeOf(node: Element, root: Element): string {
  const steps = [];
  for (let at = node; at !== root; at = at.parentElement!) {
    steps.unshift(`:nth-child(${Array.prototype.indexOf.call(at.parentElement!.children, at) + 1})`);
  }
  return `:scope > ${steps.join(" > ")}`;
}
