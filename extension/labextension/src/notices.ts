// What stands in the panel where there is no function to show: why, and what can be done about it.

import type { Line } from "./kernels";
import type { Notice } from "./panel";
import type { CellState } from "./state";

export interface Circumstances {
  hasNotebook: boolean;
  isCode: boolean;
  kernelName: string;
  line: Pick<Line, "state" | "refusal" | "language"> | null;
  state: CellState;
  load(): void;
}

export function notices({ hasNotebook, isCode, kernelName, line, state, load }: Circumstances): Notice | null {
  if (!hasNotebook) return { text: "No notebook is open.", detail: "Costs of the function under the cursor are shown here." };
  if (!line) return { text: "The notebook has no kernel.", detail: "Start one to have its functions analysed." };
  switch (line.state) {
    case "other language":
      return { text: `The kernel is no Python: ${line.language}.`, detail: "Only Python functions are differentiated." };
    case "unloaded":
      return { text: `AD Workbench is not loaded in this kernel${kernelName ? ` (${kernelName})` : ""}.`,
        detail: line.refusal ? `Loading failed: ${line.refusal}` : "The kernel analyses functions; nothing of yours is run for that.",
        button: { label: line.refusal ? "Try again" : "Load it", act: load } };
    case "other version":
      return { text: "The kernel has another version of AD Workbench than JupyterLab.",
        detail: "Install the same one in both environments, then restart the kernel and reload the page." };
    case "elsewhere":
      return { text: "Another view of this kernel has its line to the panel.", detail: "Close that one, and reload the page." };
    case "loading":
      return { text: "Loading AD Workbench …", detail: "While a cell runs, this waits until the cell is done." };
    case "asking":
      return { text: "Connecting to the kernel …",
        detail: "While a cell runs, a kernel answers a page that was opened since only when the cell is done." };
    case "restarting":
      return { text: "The kernel is restarting …" };
    case "dead":
      return { text: "The kernel is gone.", detail: "Restart it to have functions analysed." };
  }
  if (state.analysis) return null;
  if (!isCode) return { text: "This cell holds no code.", detail: "Put the cursor into a function." };
  if (state.nothing) return { text: capital(state.nothing), detail: "Put the cursor into a function." };
  if (state.problems.length) return null;
  if (state.error) return { text: "The cell could not be analysed.", detail: state.error };
  return { text: "Analysing …" };
}

const capital = (text: string): string => `${text[0].toUpperCase()}${text.slice(1)}${/[.!?…]$/.test(text) ? "" : "."}`;
