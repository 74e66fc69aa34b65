// Bars below running cells: how far long work is. They are no outputs, so nothing of them is ever saved.
//
// The model's state `told` is `{text, first, share, goal, span}` when work has lasted, another at its steps, and at last
// `{over: true}`: state, not messages, which would be lost while this script is loaded. The bar runs by itself meanwhile
// (from `share` to `goal` in `span` seconds), since a kernel that compiles cannot redraw it.

const CSS = `.wb-progress { display: flex; gap: 10px; align-items: center;
  padding: 4px 2px 4px calc(var(--jp-cell-prompt-width, 0px) + var(--jp-cell-collapser-width, 0px) + 4px);
  color: var(--jp-ui-font-color2, #5b6673); font: 12px var(--jp-ui-font-family, system-ui, sans-serif); }
.wb-progress > span { flex: none; width: 180px; height: 6px; border-radius: 3px; overflow: hidden;
  background: var(--jp-border-color2, #dfe4ea); }
.wb-progress i { display: block; height: 100%; background: var(--jp-brand-color1, #2f6fd0); }
@keyframes wb-run { from { width: var(--from); } to { width: var(--to); } }
@keyframes wb-wait { from { margin-left: -30%; } to { margin-left: 100%; } }
@media (prefers-reduced-motion: reduce) { .wb-progress i { animation: none !important; } }`;

const waits = cell => (cell.querySelector(".jp-InputPrompt")?.textContent ?? "").includes("*");

/** The running cell: of those that wait, the first that is seen and has this line; else the first that is seen. */
function runningCell(first) {
  const waiting = Array.from(document.querySelectorAll(".jp-CodeCell")).filter(
    cell => waits(cell) && cell.offsetParent !== null);
  return waiting.find(cell => cell.querySelector(".cm-content")?.textContent.includes(first)) ?? waiting[0];
}

function made() {
  const bar = document.createElement("div");
  bar.className = "wb-progress";
  const style = document.createElement("style");
  style.textContent = CSS;
  const track = document.createElement("span");
  track.setAttribute("role", "progressbar");
  track.append(document.createElement("i"));
  const label = document.createElement("label");
  bar.append(style, track, label);
  return bar;
}

function draw(bar, { text, share, goal, span }) {
  const [track, moving] = [bar.querySelector("span"), bar.querySelector("i")];
  bar.querySelector("label").textContent = text;
  track.setAttribute("aria-label", text);
  if (share === null) {
    track.removeAttribute("aria-valuenow");
    Object.assign(moving.style, { width: "30%", animation: "wb-wait 1.2s linear infinite" });
    return;
  }
  track.setAttribute("aria-valuenow", String(Math.round(100 * share)));
  moving.style.setProperty("--from", `${100 * share}%`);
  moving.style.setProperty("--to", `${100 * goal}%`);
  moving.style.animation = "none";
  void moving.offsetWidth; // so that it begins anew
  Object.assign(moving.style, { width: `${100 * goal}%`, animation: `wb-run ${span}s linear` });
}

export default {
  initialize({ model }) {
    let bar = null;
    let clock = null;
    const end = () => {
      clearInterval(clock);
      bar?.remove();
      bar = null;
    };
    const look = () => {
      const message = model.get("told");
      if (!message.text) return end();
      if (!bar) {
        const cell = runningCell(message.first);
        if (!cell) return undefined;
        bar = made();
        (cell.querySelector(".jp-Cell-inputWrapper") ?? cell).after(bar);
        clock = setInterval(() => { if (!waits(cell)) end(); }, 1000); // the kernel may be gone
      }
      draw(bar, message);
      return undefined;
    };
    model.on("change:told", look);
    look();
    return () => {
      model.off("change:told", look);
      end();
    };
  },
};
