// The plugin: one panel a page, restored with the layout, and the commands and settings for it.

import {
  ILabShell, ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin,
} from "@jupyterlab/application";
import { ICommandPalette, WidgetTracker } from "@jupyterlab/apputils";
import { IConsoleTracker } from "@jupyterlab/console";
import { ILauncher } from "@jupyterlab/launcher";
import { INotebookTracker } from "@jupyterlab/notebook";
import { ISettingRegistry } from "@jupyterlab/settingregistry";
import { SplitPanel, type Widget } from "@lumino/widgets";

import { type Acts, addCommands, COMMANDS } from "./commands";
import { Controller } from "./controller";
import { Follower } from "./follow";
import { Lines } from "./kernels";
import { Panel } from "./panel";
import { DEFAULTS, type Settings, settingsOf } from "./settings";

const ID = "ad-workbench:panel";
/** Pixels that the panel is opened with in a side area. */
const WIDTH = 400;

const plugin: JupyterFrontEndPlugin<void> = {
  id: ID,
  description: "Cost, adjoint and tape of the function under the cursor, while it is edited.",
  autoStart: true,
  requires: [INotebookTracker],
  optional: [ISettingRegistry, ILayoutRestorer, ILabShell, ICommandPalette, ILauncher, IConsoleTracker],
  activate: (
    app: JupyterFrontEnd, notebooks: INotebookTracker, registry: ISettingRegistry | null, restorer: ILayoutRestorer | null,
    labShell: ILabShell | null, palette: ICommandPalette | null, launcher: ILauncher | null, consoles: IConsoleTracker | null,
  ) => {
    const lines = new Lines();
    watchKernels(lines, notebooks, consoles);
    const tracker = new WidgetTracker<Panel>({ namespace: "ad-workbench" });
    let settings: Settings = DEFAULTS;
    let stored: ISettingRegistry.ISettings | null = null;
    let panel: Panel | null = null;
    const keep = (changed: Partial<Settings>) => {
      settings = { ...settings, ...changed };
      controller.configure(settings);
      for (const [name, value] of Object.entries(changed)) void stored?.set(name, value);
    };
    const acts: Acts = {
      open: (area, quietly = false) => {
        if (!panel || panel.isDisposed) {
          panel = new Panel(controller, settings.tab);
          app.shell.add(panel, area ?? "right", area === "main" ? { mode: "split-right" } : { rank: 600 });
          void tracker.add(panel);
          controller.attach(panel);
          const opened = panel;
          if (area === undefined) requestAnimationFrame(() => widen(opened));
        }
        if (!quietly) app.shell.activateById(panel.id);
      },
      close: () => panel?.close(),
      focus: () => {
        acts.open();
        panel?.focus();
      },
      isOpen: () => panel !== null && !panel.isDisposed,
      isSeen: () => acts.isOpen() && panel!.isVisible,
      isInMain: () => acts.isOpen() && Array.from(app.shell.widgets("main")).includes(panel!),
      move: () => {
        if (!acts.isOpen()) return;
        app.shell.add(panel!, acts.isInMain() ? "right" : "main", { mode: "split-right", rank: 600 });
        app.shell.activateById(panel!.id);
        void tracker.save(panel!);
        controller.configure(settings);
      },
      gutter: () => keep({ gutter: settings.gutter === "never" ? "with the panel" : "never" }),
      hasGutter: () => settings.gutter !== "never",
      follow: () => keep({ follow: !settings.follow }),
      follows: () => settings.follow,
      tab: step => panel?.tabs.step(step),
      compare: () => controller.compare(),
      compareWithRun: () => controller.compareWithRun(),
      readLine: () => controller.readLine(),
      load: () => controller.load(),
      canLoad: () => controller.canLoad,
    };
    const controller = new Controller(new Follower(notebooks), lines, settings, {
      toggleGutter: acts.gutter, toggleFollow: acts.follow, move: acts.move, isInMain: acts.isInMain,
      shortcut: event => app.commands.processKeydownEvent(event),
    });
    addCommands(app, acts, palette, launcher);
    void restorer?.restore(tracker, {
      command: COMMANDS.open, name: () => "panel", args: () => ({ area: acts.isInMain() ? "main" : "right", quietly: true }),
    });
    labShell?.layoutModified.connect(() => controller.moved());
    registry?.load(ID).then(found => {
      stored = found;
      const take = () => {
        settings = settingsOf(found);
        controller.configure(settings);
      };
      take();
      found.changed.connect(take);
      if (settings.openAtStart) void app.restored.then(() => acts.isOpen() || acts.open());
    }, error => console.error("the settings of the cost and adjoint panel", error));
  },
};

/** Room for the panel where the area that it was opened in is narrow; afterwards its width is the user's. */
function widen(panel: Panel): void {
  const missing = WIDTH - panel.node.offsetWidth;
  if (!panel.isVisible || missing <= 0) return;
  let child: Widget = panel;
  for (let parent = panel.parent; parent; [child, parent] = [parent, parent.parent]) {
    if (!(parent instanceof SplitPanel) || parent.orientation !== "horizontal") continue;
    const [sizes, place] = [parent.relativeSizes(), parent.widgets.indexOf(child)];
    const largest = sizes.indexOf(Math.max(...sizes));
    const part = Math.min(missing / parent.node.offsetWidth, sizes[largest] - 0.4);
    if (place < 0 || largest === place || part <= 0) return;
    sizes[place] += part;
    sizes[largest] -= part;
    parent.setRelativeSizes(sizes);
    return;
  }
}

/** Every kernel has its line from the first moment: kernels open comms when they like. */
function watchKernels(lines: Lines, notebooks: INotebookTracker, consoles: IConsoleTracker | null): void {
  for (const tracker of [notebooks, consoles]) {
    tracker?.widgetAdded.connect((_: unknown, { sessionContext }) => {
      const take = () => {
        const kernel = sessionContext.session?.kernel;
        if (kernel && !kernel.isDisposed) lines.of(kernel);
      };
      sessionContext.kernelChanged.connect(take);
      take();
    });
  }
}

export default plugin;
