// The line that the cursor is on, in a view: its rows in listings are lit, and brought into sight in their own scrollers.

const LIT = "adw-mod-here";

/** Light up the rows of a line of the source, and no others. */
export function lightLine(root: Element, line: number): void {
  for (const row of root.querySelectorAll(`.${LIT}`)) row.classList.remove(LIT);
  const rows = Array.from(root.querySelectorAll<HTMLElement>(`.wb-row.wb-l${line}, .wb-heatrow`)).filter(row =>
    row.matches(".wb-row") || row.querySelector(".wb-no")?.textContent?.trim() === String(line));
  const seen = new Set<Element>();
  for (const row of rows) {
    row.classList.add(LIT);
    const scroller = row.closest<HTMLElement>(".wb-code, .wb-listing");
    if (!scroller || seen.has(scroller) || root.contains(document.activeElement)) continue; // who reads there scrolls
    seen.add(scroller);
    const at = row.offsetTop - scroller.offsetTop;
    if (at < scroller.scrollTop || at + row.offsetHeight > scroller.scrollTop + scroller.clientHeight) {
      scroller.scrollTop = Math.max(0, at - scroller.clientHeight / 3);
    }
  }
}
