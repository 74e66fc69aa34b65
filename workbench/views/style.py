"""The style of HTML views: JupyterLab's colours where they exist, VS Code's, or our own for light and dark."""

from __future__ import annotations

LIGHT = """--wb-fg: var(--jp-content-font-color1, var(--vscode-editor-foreground, #1f2933));
--wb-dim: var(--jp-content-font-color2, var(--vscode-descriptionForeground, #5b6673));
--wb-bg: var(--jp-layout-color0, var(--vscode-editor-background, #ffffff));
--wb-panel: var(--jp-layout-color1, #f7f8fa); --wb-head: #f3f6fb; --wb-line: #dfe4ea;
--wb-accent: #2f6fd0; --wb-bar: #a3308f; --wb-k: #0f6a3a; --wb-s: #b02a2a; --wb-n: #1a6a80; --wb-c: #6a7480;
--wb-b: #2255aa; --wb-ok: #16794a; --wb-no: #c0322b; --wb-hit: rgba(255, 196, 0, .28);
--wb-h0: #4c8dea; --wb-h1: #e8743b; --wb-h2: #2ea27c; --wb-h3: #b567d6; --wb-h4: #d0a215; --wb-h5: #d6527f;"""

DARK = """--wb-fg: var(--jp-content-font-color1, var(--vscode-editor-foreground, #e4e8ee));
--wb-dim: var(--jp-content-font-color2, var(--vscode-descriptionForeground, #a3adba));
--wb-bg: var(--jp-layout-color0, var(--vscode-editor-background, #14171b));
--wb-panel: var(--jp-layout-color1, #1b1f25); --wb-head: #1d2530; --wb-line: #363d47;
--wb-accent: #7db1ff; --wb-bar: #f09be0; --wb-k: #7fd4a0; --wb-s: #f2a08f; --wb-n: #86cfe6; --wb-c: #98a3b0;
--wb-b: #9cc2ff; --wb-ok: #63d39a; --wb-no: #ff8a80; --wb-hit: rgba(255, 210, 60, .22);"""

RULES = """
.wb-view { color: var(--wb-fg); background: var(--wb-bg); border: 1px solid var(--wb-line); border-radius: 8px;
  overflow: hidden; margin: 4px 2px 8px 0; line-height: 1.4; container-type: inline-size;
  font-family: var(--jp-ui-font-family, system-ui, sans-serif); font-size: 13px; text-align: left; }
.wb-view * { box-sizing: border-box; }
.wb-head { display: flex; flex-wrap: wrap; align-items: baseline; gap: 4px 12px; padding: 10px 14px;
  background: var(--wb-head); border-bottom: 1px solid var(--wb-line); }
.wb-nabla { color: var(--wb-accent); font-size: 17px; font-weight: 700; }
.wb-title { font-family: var(--jp-code-font-family, monospace); font-size: 14px; overflow-wrap: anywhere; }
.wb-value { font-size: 20px; font-weight: 600; font-variant-numeric: tabular-nums; }
.wb-hint { padding: 8px 14px; color: var(--wb-dim); }
.wb-leaves { padding: 10px 14px; display: grid; gap: 8px; }
.wb-leaf { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 14px; }
.wb-path { font-family: var(--jp-code-font-family, monospace);
  font-weight: 600; min-width: 7em; overflow-wrap: anywhere; }
.wb-kind, .wb-norm { color: var(--wb-dim); font-size: 12px; }
.wb-view .wb-numbers { margin: 0; padding: 0; background: none; border: 0; color: inherit; overflow-x: auto;
  font-family: var(--jp-code-font-family, monospace); font-size: 12.5px; line-height: 1.35; white-space: pre; }
.wb-drawing { max-width: 100%; height: auto; }
.wb-checks { padding: 0 14px 10px; display: grid; gap: 2px; }
.wb-pass b { color: var(--wb-ok); } .wb-fail b { color: var(--wb-no); }
.wb-view details { border-top: 1px solid var(--wb-line); }
.wb-view summary { cursor: pointer; padding: 7px 14px; color: var(--wb-dim); font-weight: 600; font-size: 12px; }
.wb-programs { display: grid; grid-template-columns: minmax(0, 5fr) minmax(0, 6fr);
  border-top: 1px solid var(--wb-line); }
.wb-program + .wb-program { border-left: 1px solid var(--wb-line); }
@container (max-width: 760px) { .wb-programs { grid-template-columns: minmax(0, 1fr); }
  .wb-program + .wb-program { border-left: 0; border-top: 1px solid var(--wb-line); } }
.wb-caption { padding: 6px 14px 2px; color: var(--wb-dim); font-size: 11px; letter-spacing: .06em;
  text-transform: uppercase; }
.wb-caption span { text-transform: none; letter-spacing: 0; }
.wb-view .wb-code { margin: 0; padding: 4px 0 8px; border: 0; color: var(--wb-fg); background: none; overflow: auto;
  max-height: 38em; font-family: var(--jp-code-font-family, monospace); font-size: 12px; line-height: 1.5; }
.wb-row { display: grid; grid-template-columns: 4.2em minmax(0, 1fr); padding-right: 10px;
  border-left: 4px solid transparent; }
.wb-no { padding-right: 1em; text-align: right; color: var(--wb-dim); user-select: none; }
.wb-line { white-space: pre-wrap; word-break: normal; overflow-wrap: anywhere;
  padding-left: calc(var(--in, 0) * 1ch + 4ch); text-indent: calc(var(--in, 0) * -1ch - 4ch); }
.wb-k { color: var(--wb-k); font-weight: 600; } .wb-s { color: var(--wb-s); } .wb-n { color: var(--wb-n); }
.wb-c { color: var(--wb-c); font-style: italic; } .wb-b { color: var(--wb-b); } .wb-d { color: var(--wb-bar); }
.wb-mark { color: var(--wb-accent); padding-right: .4em; }
.wb-note { display: block; margin: 2px 8px 4px 4.2em; padding: 3px 8px; border-left: 3px solid var(--wb-no);
  color: var(--wb-fg); background: var(--wb-panel); white-space: pre-wrap; overflow-wrap: anywhere;
  font-family: var(--jp-ui-font-family, system-ui, sans-serif); }
.wb-view .wb-kept ul { list-style: none; margin: 0; padding: 0 14px 10px; display: grid; gap: 8px; }
.wb-view .wb-kept li { overflow-wrap: anywhere; }
.wb-view .wb-kept dl, .wb-view .wb-why dl { display: grid; grid-template-columns: max-content minmax(0, 1fr);
  gap: 1px 12px; margin: 2px 0 0 1.2em; font-size: 12.5px; background: none; }
.wb-view .wb-kept dt, .wb-view .wb-why dt { color: var(--wb-dim); font-weight: 400; margin: 0; padding: 0;
  width: auto; }
.wb-view .wb-kept dd, .wb-view .wb-why dd { margin: 0; padding: 0; width: auto; overflow-wrap: anywhere; }
@container (max-width: 560px) { .wb-view .wb-kept dl, .wb-view .wb-why dl { grid-template-columns: minmax(0, 1fr); }
  .wb-view .wb-kept dd, .wb-view .wb-why dd { padding-left: 1em; } }
.wb-ops { display: flex; flex-wrap: wrap; gap: 6px; padding: 2px 14px 12px; }
.wb-view table.wb-optable { margin: 0 14px 12px; border-collapse: collapse; font-size: 12.5px; color: inherit; }
.wb-view table.wb-optable td, .wb-view table.wb-optable th { padding: 1px 18px 1px 0; text-align: left;
  background: none; }
.wb-view table.wb-optable td + td { text-align: right; font-variant-numeric: tabular-nums; }
.wb-optables { display: flex; flex-wrap: wrap; align-items: flex-start; }
.wb-button { font: inherit; font-size: 12px; color: var(--wb-fg); background: var(--wb-panel);
  border: 1px solid var(--wb-line); border-radius: 5px; padding: 2px 9px; cursor: pointer; }
.wb-button:hover { border-color: var(--wb-accent); } .wb-button:disabled { opacity: .5; cursor: default; }
.wb-button[aria-pressed="true"], .wb-button[aria-selected="true"] { border-color: var(--wb-accent);
  color: var(--wb-accent); }
.wb-alive :focus-visible { outline: 2px solid var(--wb-accent); outline-offset: 1px; }
.wb-missing { padding: 6px 14px; color: var(--wb-dim); font-size: 12px; }
.wb-h0 { border-left-color: var(--wb-h0); } .wb-h1 { border-left-color: var(--wb-h1); }
.wb-h2 { border-left-color: var(--wb-h2); } .wb-h3 { border-left-color: var(--wb-h3); }
.wb-h4 { border-left-color: var(--wb-h4); } .wb-h5 { border-left-color: var(--wb-h5); }
"""

HUES = 6
#: So many lines light up their partners without a script; where there are more, the live view does it alone.
HOVERED = 200


def stylesheet(matched_lines: list[int]) -> str:
    """All rules; pointing at a matched line lights up its partners in the other program."""
    hover = "".join(f".wb-programs:has(.wb-l{n}:hover) .wb-l{n}{{background:var(--wb-hit)}}\n"
                    for n in matched_lines[:HOVERED])
    return (
        f".wb-view {{ {LIGHT} }}\n"
        f"@media (prefers-color-scheme: dark) {{ body:not([data-jp-theme-light]) .wb-view {{ {DARK} }} }}\n"
        f'body[data-jp-theme-light="false"] .wb-view, body.vscode-dark .wb-view {{ {DARK} }}\n{RULES}{hover}'
    )

#: Tables of figures: names to the left, numbers to the right.
TABLES = """.wb-table { padding: 6px 14px 12px; overflow-x: auto; }
.wb-view .wb-table table { border-collapse: collapse; font-size: 12.5px; color: inherit; margin: 0; }
.wb-view .wb-table td, .wb-view .wb-table th { padding: 2px 18px 2px 0; text-align: left; background: none;
  white-space: nowrap; }
.wb-view .wb-table th { color: var(--wb-dim); font-weight: 600; }
.wb-view .wb-table .wb-num { text-align: right; font-variant-numeric: tabular-nums; }
.wb-view.wb-view .wb-table td > code { background: none; color: inherit; padding: 0;
  white-space: pre; font-family: var(--jp-code-font-family, monospace); }
.wb-heat { display: inline-block; height: 9px; background: #e8743b; border-radius: 2px; }
"""
