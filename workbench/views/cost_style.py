"""The style of what is shown of costs: listings with heat, bars, totals, charts."""

from __future__ import annotations

from workbench.views.style import TABLES, stylesheet

COSTS = """.wb-view { --wb-time: var(--wb-h1); --wb-bytes: var(--wb-h0); }
.wb-time { background: var(--wb-time); } .wb-bytes { background: var(--wb-bytes); }
.wb-first { background: var(--wb-h0); } .wb-second { background: var(--wb-h1); }
.wb-dim { color: var(--wb-dim); }
.wb-totals { display: flex; flex-wrap: wrap; gap: 6px 22px; padding: 9px 14px; margin: 0;
  border-bottom: 1px solid var(--wb-line); }
.wb-total { display: grid; min-width: 0; }
.wb-total span { color: var(--wb-dim); font-size: 11px; }
.wb-total b { font-weight: 600; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.wb-total b.wb-long { font-weight: 400; font-size: 11.5px; line-height: 1.3; max-height: 3.9em; overflow-y: auto; }
.wb-total:has(.wb-long) small { font-size: 13px; font-weight: 600; color: var(--wb-fg); }
.wb-total small { color: var(--wb-dim); font-size: 11.5px; font-variant-numeric: tabular-nums; }
.wb-legend { display: flex; flex-wrap: wrap; gap: 3px 14px; padding: 7px 14px 0; color: var(--wb-dim);
  font-size: 11.5px; }
.wb-legend i { display: inline-block; width: 16px; height: 5px; border-radius: 2px; margin-right: 5px;
  vertical-align: 2px; }
.wb-listing { margin: 4px 0 8px; overflow: auto; max-height: 40em; font-size: 12px; line-height: 1.55;
  font-family: var(--jp-code-font-family, monospace); }
.wb-heatrow { display: grid; grid-template-columns: 3.2em 70px minmax(0, 1fr) auto; align-items: start;
  padding-right: 14px; }
.wb-heatrow:hover, .wb-heatrow:focus { background: var(--wb-hit); }
.wb-bars { display: inline-flex; flex-direction: column; gap: 2px; width: 60px; padding: 3px 0;
  vertical-align: middle; }
.wb-bars i { display: block; height: 5px; border-radius: 2px; }
.wb-beside { margin-left: 8px; font-variant-numeric: tabular-nums; }
.wb-warm { background: color-mix(in srgb, var(--wb-time) calc(var(--heat, 0) * 24%), transparent); border-radius: 3px; }
.wb-warm .wb-c { color: var(--wb-fg); }
.wb-worth { padding-left: 12px; color: var(--wb-fg); font-variant-numeric: tabular-nums; white-space: nowrap; }
.wb-view .wb-table tr.wb-chosen td { font-weight: 700; }
.wb-view .wb-table tfoot td { border-top: 1px solid var(--wb-line); font-weight: 600; }
.wb-view .wb-table tr, .wb-view .wb-table tbody tr:nth-child(2n) { background: none; }
.wb-view .wb-table td:last-child:not(.wb-num):not(:has(code)) { white-space: normal; min-width: 15em; }
.wb-notes { padding: 0 14px 12px; color: var(--wb-dim); font-size: 12.5px; }
.wb-chart { padding: 6px 12px 10px; }
.wb-chart svg { width: 100%; max-width: 720px; height: auto; display: block; }
.wb-panels { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(360px, 100%), 1fr)); gap: 4px 10px;
  padding: 8px 10px 2px; }
.wb-panels figure { margin: 0; min-width: 0; }
.wb-panels svg { width: 100%; max-width: 620px; height: auto; }
@container (max-width: 560px) { .wb-heatrow { grid-template-columns: 2.6em 44px minmax(0, 1fr) auto;
  padding-right: 6px; }
  .wb-heatrow .wb-bars { width: 36px; } .wb-warm .wb-c { color: var(--wb-fg); }
.wb-worth { padding-left: 6px; font-size: 11px; } }
"""


def cost_styles() -> str:
    """The style element of a view of costs."""
    return f"<style>{stylesheet([])}{TABLES}{COSTS}</style>"
