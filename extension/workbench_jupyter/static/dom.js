// Making elements. Text always becomes a text node, never markup: what a user's program says is shown, not run.

/** An element: `el("button", {class: "wb-button", onclick: act, "aria-label": "Step"}, "text", child)`. */
export function el(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  return filled(node, properties, children);
}

/** The same in SVG's name space. */
export function svg(tag, properties = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  return filled(node, properties, children);
}

function filled(node, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "style" && typeof value === "object") Object.assign(node.style, value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat(Infinity).filter(child => child !== null && child !== undefined));
  return node;
}

/** A fresh root in the place of the static view, with the static view's style and the rules `css` of its own. */
export function freshRoot(element, css = "", label = "") {
  const style = element.querySelector("style");
  const root = el("div", { class: "wb-view wb-alive", role: "group", "aria-label": label || null });
  if (style) root.append(style.cloneNode(true));
  if (css) root.append(el("style", {}, css));
  // JupyterLab takes keys as commands (D D deletes a cell): what is typed in a view is the view's
  root.addEventListener("keydown", event => { if (event.target !== root) event.stopPropagation(); });
  element.replaceChildren(root);
  return root;
}

/** Offer a text as a file. */
export function download(name, text, type = "text/plain") {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = el("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Copy a text; resolves to whether that was allowed. */
export async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = el("textarea", { style: { position: "fixed", opacity: "0" } });
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}
