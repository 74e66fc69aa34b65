// What is kept for the reverse sweep: a mark on the line that makes it opens a panel below the line that says why.

import { el } from "./dom.js";

export function adjointKept(view, data, columns) {
  const source = columns.all.find(column => column.name === "source");
  if (!source) return;
  const first = data.adjoint?.lines[0]?.number ?? 0; // lines of the adjoint are counted with its imports
  const byLine = new Map();
  for (const kept of data.kept) {
    if (kept.line === null || kept.file) continue;
    if (!byLine.has(kept.line)) byLine.set(kept.line, []);
    byLine.get(kept.line).push(kept);
  }
  for (const [line, all] of byLine) {
    const row = source.byLine.get(line)?.[0];
    const mark = row?.querySelector(".wb-mark");
    if (!mark) continue;
    let open = null;
    const close = () => {
      open?.remove();
      open = null;
      mark.setAttribute("aria-expanded", "false");
      row.focus({ preventScroll: true });
    };
    const toggle = () => {
      if (open) return close();
      open = adjointWhy(all, columns, first, close);
      row.after(open);
      mark.setAttribute("aria-expanded", "true");
      open.focus({ preventScroll: true });
      open.scrollIntoView({ block: "nearest" });
    };
    mark.setAttribute("role", "button");
    mark.setAttribute("aria-expanded", "false");
    mark.setAttribute("aria-label", all.map(kept => kept.title).join("; "));
    mark.addEventListener("click", toggle);
    row.setAttribute("aria-description", "kept for the reverse sweep; Enter says why");
    row.opens = toggle;
  }
}

function adjointWhy(all, columns, first, close) {
  const parts = all.map(kept => [
    el("div", { class: "wb-why-head" }, el("b", {}, kept.value), ` ${adjointHow(kept)}, ${kept.size}`),
    el("dl", {}, adjointTerms(kept, columns, first)),
  ]);
  const closer = el("button", { class: "wb-button", type: "button", "aria-label": "close", onclick: close }, "×");
  parts[0][0].prepend(closer);
  const panel = el("div", { class: "wb-why", role: "region", tabindex: "-1",
    "aria-label": `why ${all.map(kept => kept.value).join(", ")} is kept` }, parts);
  panel.addEventListener("keydown", event => {
    if (event.key === "Escape") close();
  });
  return panel;
}

function adjointHow(kept) {
  return { kept: "is kept for the reverse sweep", copied: "is copied for the reverse sweep",
    there: "stays alive until the reverse sweep" }[kept.how];
}

function adjointTerms(kept, columns, first) {
  const terms = [el("dt", {}, "why"), el("dd", {}, kept.why)];
  if (kept.name) terms.push(el("dt", {}, "in the adjoint"), el("dd", {}, el("code", {}, kept.name)));
  for (const need of kept.needs) {
    const where = need.line === null ? "the reverse sweep" : need.file ? `${need.file}:${need.line}` : `line ${need.line}`;
    const by = need.by ? `, for the derivative by ${need.by}` : "";
    const links = need.adjoint.map((number, k) => [k ? ", " : "", el("button", { class: "wb-link", type: "button",
      title: "show this line of the adjoint", onclick: () => columns.goTo("adjoint", number - first) },
    el("code", {}, need.code[k]))]);
    terms.push(el("dt", {}, "needed by"), el("dd", {}, `${where}${by}`, links.length ? ": " : "", links));
  }
  if (kept.more) terms.push(el("dd", {}, `and ${kept.more} more`));
  if (kept.again) terms.push(el("dt", {}, "to compute it again"), el("dd", {}, kept.again));
  const edits = kept.edits.length ? kept.edits : ["there is no edit of this line"];
  terms.push(el("dt", {}, "to remove it"), edits.map(edit => el("dd", {}, edit)));
  return terms;
}
