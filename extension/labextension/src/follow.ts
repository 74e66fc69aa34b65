// Which cell the panel is about: the active cell of the active notebook, or one that it was told to stay with.

import type { ISessionContext } from "@jupyterlab/apputils";
import { type Cell, isCodeCellModel } from "@jupyterlab/cells";
import { type INotebookTracker, NotebookActions, type NotebookPanel } from "@jupyterlab/notebook";
import type { Kernel } from "@jupyterlab/services";
import { type ISignal, Signal } from "@lumino/signaling";

import type { AnalyseQuestion } from "./protocol";

/** `place`: another notebook, cell or kernel; `text`: an edit; `cursor`: another line; `ran`: something was run. */
export type Event = "place" | "text" | "cursor" | "ran";

export class Follower {
  constructor(private readonly tracker: INotebookTracker) {
    tracker.currentChanged.connect(this.look, this);
    tracker.activeCellChanged.connect(this.look, this);
    NotebookActions.executed.connect((_, { notebook }) => {
      if (notebook === this.notebook?.content) this.signal.emit("ran");
    });
    this.look();
  }

  notebook: NotebookPanel | null = null;
  cell: Cell | null = null;

  get happened(): ISignal<this, Event> {
    return this.signal;
  }

  get isFollowing(): boolean {
    return this.follows;
  }

  set isFollowing(on: boolean) {
    this.follows = on;
    this.look();
  }

  get kernel(): Kernel.IKernelConnection | null {
    return this.notebook?.sessionContext.session?.kernel ?? null;
  }

  get source(): string {
    return this.cell?.model.sharedModel.getSource() ?? "";
  }

  /** The cursor's line, from 1. */
  get line(): number {
    return (this.cell?.editor?.getCursorPosition().line ?? 0) + 1;
  }

  /** The question about the cell as it stands; null where there is nothing to ask about. */
  question(): Pick<AnalyseQuestion, "what" | "cell" | "others"> | null {
    const { cell, notebook } = this;
    const cells = notebook?.content.model?.cells;
    if (!cell || !cells || !isCodeCellModel(cell.model)) return null;
    const others = [];
    for (const other of cells) {
      if (other !== cell.model && other.type === "code") others.push({ id: other.id, source: other.sharedModel.getSource() });
    }
    return { what: "analyse", cell: { id: cell.model.id, source: this.source, line: this.line }, others };
  }

  /** Put the cursor on a line (columns are from 0), as if it had been clicked at. */
  go(line: number, column = 0): void {
    const { notebook, cell } = this;
    if (!notebook || !cell) return;
    const index = notebook.content.widgets.indexOf(cell);
    if (index < 0) return;
    notebook.content.activeCellIndex = index;
    notebook.content.mode = "edit";
    const editor = cell.editor;
    if (!editor) return;
    const position = { line: Math.max(0, Math.min(line - 1, editor.lineCount - 1)), column };
    editor.setCursorPosition(position);
    editor.revealPosition(position);
    editor.focus();
  }

  private look(): void {
    const stays = !this.follows && this.cell !== null && !this.cell.isDisposed && this.notebook !== null
      && !this.notebook.isDisposed;
    const notebook = stays ? this.notebook : this.tracker.currentWidget;
    const cell = stays ? this.cell : notebook?.content.activeCell ?? null;
    if (notebook === this.notebook && cell === this.cell) return;
    if (notebook !== this.notebook) this.turnTo(notebook);
    this.leaveCell();
    this.cell = cell;
    if (cell && !cell.isDisposed) {
      const { sharedModel, selections } = cell.model;
      sharedModel.changed.connect(this.onEdit, this);
      cell.disposed.connect(this.onGone, this);
      selections.changed.connect(this.onCursor, this);
      this.leaveCell = () => {
        sharedModel.changed.disconnect(this.onEdit, this);
        selections.changed.disconnect(this.onCursor, this);
        cell.disposed.disconnect(this.onGone, this);
      };
    } else {
      this.leaveCell = () => {};
    }
    this.signal.emit("place");
  }

  private turnTo(notebook: NotebookPanel | null): void {
    if (this.notebook && !this.notebook.isDisposed) {
      this.notebook.sessionContext.kernelChanged.disconnect(this.onKernel, this);
      this.notebook.disposed.disconnect(this.onGone, this);
    }
    this.notebook = notebook;
    notebook?.sessionContext.kernelChanged.connect(this.onKernel, this);
    notebook?.disposed.connect(this.onGone, this);
  }

  private onKernel(_: ISessionContext): void {
    this.signal.emit("place");
  }

  private onGone(): void {
    this.look();
  }

  private onEdit(_: unknown, change: { sourceChange?: unknown }): void {
    if (change.sourceChange) this.signal.emit("text");
  }

  private onCursor(): void {
    const { line } = this;
    if (line === this.lastLine) return;
    this.lastLine = line;
    this.signal.emit("cursor");
  }

  private follows = true;
  private lastLine = 0;
  private leaveCell: () => void = () => {};
  private readonly signal = new Signal<this, Event>(this);
}
