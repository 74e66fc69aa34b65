// The style of what is alive in a gradient's view.

export const ADJOINT_CSS = `
.wb-alive .wb-row { content-visibility: auto; contain-intrinsic-size: auto 18px; cursor: default; }
.wb-alive .wb-row:focus { outline: 2px solid var(--wb-accent); outline-offset: -2px; }
.wb-alive .wb-row.wb-lit { background: var(--wb-hit); }
.wb-alive .wb-row.wb-pinned { box-shadow: inset 3px 0 0 var(--wb-accent); }
.wb-alive .wb-mark { cursor: pointer; border-radius: 50%; }
.wb-alive .wb-programs { grid-template-columns: none; grid-auto-flow: column; grid-auto-columns: minmax(0, 1fr);
  gap: 1px; background: var(--wb-line); }
.wb-alive .wb-program { background: var(--wb-bg); min-width: 0; }
.wb-alive .wb-program[hidden] { display: none; }
.wb-alive .wb-program + .wb-program { border: 0; }
@container (max-width: 760px) { .wb-alive .wb-programs { grid-auto-flow: row; }
  .wb-alive .wb-code { max-height: 22em; } }
.wb-alive .wb-code:has(.wb-why) { max-height: none; }
.wb-tools { margin-left: auto; display: flex; flex-wrap: wrap; align-items: center; gap: 4px 10px; }
.wb-group { display: inline-flex; flex-wrap: wrap; gap: 4px; }
.wb-status { color: var(--wb-dim); font-size: 12px; overflow-wrap: anywhere; }
.wb-status:empty { display: none; }
.wb-why { display: block; margin: 3px 8px 6px 1.2em; padding: 6px 10px 8px; border: 1px solid var(--wb-accent);
  border-radius: 6px; background: var(--wb-panel); white-space: normal; word-break: normal; overflow-wrap: break-word;
  font-family: var(--jp-ui-font-family, system-ui, sans-serif); font-size: 12.5px; line-height: 1.4; }
.wb-alive .wb-why:focus { outline: none; box-shadow: 0 0 0 1px var(--wb-accent); }
.wb-why-head { margin-top: 6px; } .wb-why-head:first-child { margin-top: 0; }
.wb-why-head b { font-family: var(--jp-code-font-family, monospace); }
.wb-why-head .wb-button { float: right; margin-left: 8px; }
.wb-alive .wb-why code { word-break: normal; overflow-wrap: anywhere; padding: 0 3px; }
.wb-view .wb-why dl { grid-template-columns: minmax(0, 1fr); margin-left: 0; }
.wb-view .wb-why dt { margin-top: 4px; font-size: 11.5px; }
.wb-link { font: inherit; color: var(--wb-accent); background: none; border: 0; padding: 0; cursor: pointer;
  text-decoration: underline; text-align: left; }
.wb-passes { border-top: 1px solid var(--wb-line); padding: 8px 14px 10px; }
.wb-passes[hidden] { display: none; }
.wb-passes-top { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 10px; }
.wb-passes-name { font-weight: 600; overflow-wrap: anywhere; }
.wb-passes-said { color: var(--wb-dim); font-size: 12px; }
.wb-passes input[type=range] { width: 100%; margin: 6px 0 0; accent-color: var(--wb-accent); }
.wb-ticks { display: flex; height: 10px; margin: 0 6px; }
.wb-ticks span { flex: 1 1 0; border-bottom: 2px solid var(--wb-line); min-width: 0; }
.wb-ticks .wb-did { border-bottom-color: var(--wb-accent); }
.wb-ticks .wb-here { border-bottom-width: 8px; }
.wb-passes .wb-code { border-top: 1px solid var(--wb-line); margin-top: 6px; max-height: 32em; white-space: pre; }
.wb-diff { display: block; padding: 0 8px; content-visibility: auto; contain-intrinsic-size: auto 18px;
  border-left: 3px solid transparent; width: max-content; min-width: 100%; }
.wb-diff-add { background: color-mix(in srgb, var(--wb-ok) 16%, transparent); border-left-color: var(--wb-ok); }
.wb-diff-del { background: color-mix(in srgb, var(--wb-no) 16%, transparent); border-left-color: var(--wb-no); }
.wb-diff-gap { color: var(--wb-dim); }
`;
