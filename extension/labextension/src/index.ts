import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { Widget } from '@lumino/widgets';

const plugin: JupyterFrontEndPlugin<void> = {
  id: 'ad-workbench:panel',
  description: 'Cost, adjoint and tape of the function under the cursor.',
  autoStart: true,
  optional: [ICommandPalette],
  activate: (app: JupyterFrontEnd, palette: ICommandPalette | null) => {
    const open = 'ad-workbench:open';
    app.commands.addCommand(open, {
      label: 'Show Cost and Adjoint',
      execute: () => {
        const panel = new Widget();
        panel.id = 'ad-workbench-panel';
        panel.title.label = 'AD Workbench';
        panel.title.closable = true;
        panel.addClass('adw-panel');
        app.shell.add(panel, 'right');
        app.shell.activateById(panel.id);
      }
    });
    palette?.addItem({ command: open, category: 'AD Workbench' });
  }
};

export default plugin;
