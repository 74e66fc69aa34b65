// Commands of the panel, for menus, palette, launcher and shortcuts.

import type { JupyterFrontEnd } from "@jupyterlab/application";
import type { ICommandPalette } from "@jupyterlab/apputils";
import type { ILauncher } from "@jupyterlab/launcher";

import { icons } from "./icons";

export const COMMANDS = {
  open: "ad-workbench:open",
  toggle: "ad-workbench:toggle",
  focus: "ad-workbench:focus",
  gutter: "ad-workbench:gutter",
  follow: "ad-workbench:follow",
  next: "ad-workbench:next-tab",
  previous: "ad-workbench:previous-tab",
  compare: "ad-workbench:compare",
  compareWithRun: "ad-workbench:compare-with-run",
  readLine: "ad-workbench:read-line",
  load: "ad-workbench:load",
  move: "ad-workbench:move",
};

export interface Acts {
  /** `quietly`: without bringing it to the front, which a layout that is restored does by itself. */
  open(area?: "main" | "right", quietly?: boolean): void;
  close(): void;
  focus(): void;
  isOpen(): boolean;
  isSeen(): boolean;
  isInMain(): boolean;
  move(): void;
  gutter(): void;
  hasGutter(): boolean;
  follow(): void;
  follows(): boolean;
  tab(step: number): void;
  compare(): void;
  compareWithRun(): void;
  readLine(): void;
  load(): void;
  canLoad(): boolean;
}

export function addCommands(
  { commands }: JupyterFrontEnd, acts: Acts, palette: ICommandPalette | null, launcher: ILauncher | null,
): void {
  commands.addCommand(COMMANDS.open, {
    label: "Cost and Adjoint", caption: "Show cost, adjoint and tape of the function under the cursor", icon: icons.panel,
    execute: ({ area, quietly }) => acts.open(area === "main" || area === "right" ? area : undefined, quietly === true),
  });
  commands.addCommand(COMMANDS.toggle, {
    label: "Cost and Adjoint Panel", caption: "Show or close the panel", isToggled: () => acts.isSeen(),
    execute: () => (acts.isSeen() ? acts.close() : acts.open()),
  });
  commands.addCommand(COMMANDS.focus, { label: "Focus the Cost and Adjoint Panel", execute: () => acts.focus() });
  commands.addCommand(COMMANDS.gutter, {
    label: "Costs Beside the Lines in the Editor", isToggled: () => acts.hasGutter(), execute: () => acts.gutter(),
  });
  commands.addCommand(COMMANDS.follow, {
    label: "Cost and Adjoint Panel Follows the Cursor", isToggled: () => acts.follows(), execute: () => acts.follow(),
  });
  const seen = { isEnabled: () => acts.isSeen() };
  commands.addCommand(COMMANDS.next, { label: "Next Tab of Cost and Adjoint", ...seen, execute: () => acts.tab(1) });
  commands.addCommand(COMMANDS.previous, { label: "Previous Tab of Cost and Adjoint", ...seen, execute: () => acts.tab(-1) });
  commands.addCommand(COMMANDS.compare, {
    label: "Compare Costs from Here", caption: "Differences are against the text as it is now", ...seen, execute: () => acts.compare(),
  });
  commands.addCommand(COMMANDS.compareWithRun, {
    label: "Compare Costs with the Last Run", ...seen, execute: () => acts.compareWithRun(),
  });
  commands.addCommand(COMMANDS.readLine, { label: "Read Out the Cost of This Line", ...seen, execute: () => acts.readLine() });
  commands.addCommand(COMMANDS.load, {
    label: "Load AD Workbench into the Kernel", isEnabled: () => acts.canLoad(), execute: () => acts.load(),
  });
  commands.addCommand(COMMANDS.move, {
    label: () => (acts.isInMain() ? "Move Cost and Adjoint to the Right" : "Move Cost and Adjoint to the Main Area"),
    ...seen, execute: () => acts.move(),
  });
  for (const command of Object.values(COMMANDS)) {
    if (command !== COMMANDS.open) palette?.addItem({ command, category: "Automatic Differentiation" });
  }
  launcher?.add({ command: COMMANDS.open, category: "Other", rank: 5 });
}
