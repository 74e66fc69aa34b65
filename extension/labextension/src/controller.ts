// What makes the panel go: follows cells, asks their kernels, gives the panel and the gutter what they show.
//
// While neither panel nor gutter is wanted, nothing is asked and nothing listens but to what is opened and closed.

import type { CodeMirrorEditor } from "@jupyterlab/codemirror";

import { Announcer, summary } from "./announce";
import type { Event, Follower } from "./follow";
import { Gutter } from "./gutter";
import type { Line, Lines } from "./kernels";
import { insisting, Latest } from "./latest";
import { notices } from "./notices";
import type { Notice, Panel, PanelActions } from "./panel";
import type { AnalyseAnswer, AnalyseQuestion, AtAnswer, GradientQuestion, Sizes, View, ViewAnswer } from "./protocol";
import type { Settings } from "./settings";
import type { Mark } from "./shares";
import { answered, atSizes, type CellState, failed, isShown, marksIn, numbersOf, sizesOf, States, type Wishes, wishesOf } from "./state";
import { functionAt } from "./text";

/** Milliseconds after an edit until the view below the figures is made anew: it takes longer to draw than they do, and
 *  who goes on typing should not feel it. */
const PAUSE = 250;
/** The first edit after so many milliseconds without one is asked about when its key has been painted; who types on has the
 *  delay of the settings after each key. */
const REST = 500;
const PAINTED = 12;
const EXPIRED = /unknown key|no longer known|KeyError/i;

export class Controller implements PanelActions {
  constructor(
    private readonly follower: Follower,
    private readonly lines: Lines,
    private settings: Settings,
    private readonly around: { toggleGutter(): void; toggleFollow(): void; move(): void; isInMain(): boolean;
      shortcut(event: KeyboardEvent): void },
  ) {
    follower.isFollowing = settings.follow;
    follower.happened.connect((_, event) => this.on(event));
    this.takeLine();
  }

  /** The panel that is open, if one is. */
  attach(panel: Panel | null): void {
    this.panel = panel;
    if (panel) panel.seen.connect(() => this.wake());
    panel?.disposed.connect(() => {
      if (this.panel === panel) this.attach(null);
    });
    this.wake();
  }

  configure(settings: Settings): void {
    this.settings = settings;
    this.follower.isFollowing = settings.follow;
    this.wake();
  }

  // ---- what the panel asks for
  go(line: number, column?: number): void {
    this.follower.go(line, column);
  }

  leave(): void {
    this.follower.go(this.follower.line);
  }

  wish(wishes: Partial<Wishes>): void {
    Object.assign(wishesOf(this.state), wishes);
    this.analyse(true);
  }

  size(name: string, size: number): void {
    const wishes = wishesOf(this.state);
    wishes.sizes = { ...wishes.sizes, [name]: size };
    this.sizeAnew();
  }

  compare(): void {
    const key = this.state.analysis?.key;
    if (key) void this.baseline({ what: "baseline", key }, true);
  }

  compareWithRun(): void {
    const cell = this.follower.cell?.model.id;
    if (cell) void this.baseline({ what: "baseline", key: null, cell }, false);
  }

  tabChosen(): void {
    void this.panel?.showView(this.state);
  }

  follow(): void {
    this.around.toggleFollow();
  }

  gutter(): void {
    this.around.toggleGutter();
  }

  move(): void {
    this.around.move();
  }

  shortcut(event: KeyboardEvent): void {
    this.around.shortcut(event);
  }

  view(key: string, view: View): Promise<ViewAnswer> {
    return this.insisted({ what: "view", key, view });
  }

  ask(key: string, view: View, question: unknown): Promise<unknown> {
    return this.asked({ what: "ask", key, view, question });
  }

  get canLoad(): boolean {
    return this.line?.state === "unloaded";
  }

  load(): void {
    if (this.canLoad) void this.line?.load();
  }

  /** The panel may be elsewhere now. */
  moved(): void {
    this.panel?.showToggles(this.settings.follow, this.settings.gutter !== "never", this.around.isInMain());
  }

  /** Say what is known of the cursor's line. */
  readLine(): void {
    this.panel?.read(this.markHere(), this.follower.line);
  }

  // ---- what happens
  private get wantsGutter(): boolean {
    return this.settings.gutter === "always" || (this.settings.gutter === "with the panel" && this.isSeen);
  }

  private get isSeen(): boolean {
    return this.panel?.isVisible ?? false;
  }

  private get isAwake(): boolean {
    return this.isSeen || this.wantsGutter;
  }

  /** The states of the notebook's cells: ids of cells are unlike in one notebook only. */
  private get states(): States {
    const notebook = this.follower.notebook ?? this;
    if (!this.notebooks.has(notebook)) this.notebooks.set(notebook, new States());
    return this.notebooks.get(notebook)!;
  }

  private get state(): CellState {
    return this.states.of(this.follower.cell?.model?.id ?? "");
  }

  private set state(state: CellState) {
    this.states.put(this.follower.cell?.model?.id ?? "", state);
  }

  private wake(): void {
    if (!this.wantsGutter) this.marks.clear();
    if (this.isAwake) {
      this.draw();
      this.analyse(true);
    } else {
      this.drop();
    }
    this.moved();
  }

  private on(event: Event): void {
    if (event === "place") {
      this.takeLine();
      this.drop();
      this.marks.clear();
    }
    if (!this.isAwake) return;
    if (event === "place") {
      this.draw();
      this.analyse(true);
      const { cell } = this.follower; // its editor may be made later, where it was not in sight
      if (cell && !cell.editor) void cell.ready.then(() => cell === this.follower.cell && this.isAwake && this.draw());
    } else if (event === "text") {
      const now = performance.now();
      const isFirst = now - this.editedAt > REST;
      this.editedAt = now;
      this.analyse(false, isFirst ? Math.min(PAINTED, this.settings.delay) : undefined);
    } else if (event === "ran") {
      this.analyse(true);
    } else {
      this.drawLine();
      if (!isShown(this.state, this.follower.line, this.follower.source)) this.analyse(false);
    }
  }

  /** Take the kernel's line, which others may have been before. */
  private takeLine(): void {
    const kernel = this.follower.kernel;
    const line = kernel && !kernel.isDisposed ? this.lines.of(kernel) : null;
    if (line === this.line) return;
    this.line?.changed.disconnect(this.onLine, this);
    this.line = line;
    line?.changed.connect(this.onLine, this);
  }

  private onLine(line: Line): void {
    if (line.state === "restarting" || line.state === "dead") {
      this.states.forget();
      this.marks.clear();
      this.sizing.drop();
      this.completing.drop();
    }
    if (!this.isAwake) return;
    this.draw();
    if (line.state === "ready") this.analyse(true);
    else if (line.state !== "loading") this.analysing.drop();
    if (line.state === "unloaded" && this.settings.loadExtension && this.isSeen && !line.refusal) void line.load();
  }

  private analyse(atOnce: boolean, wait = atOnce ? 0 : this.settings.delay): void {
    if (this.isAwake && this.line?.state === "ready") this.analysing.want(() => this.question(), wait);
  }

  /** Ask nothing of what is wanted. */
  private drop(): void {
    this.analysing.drop();
    this.completing.drop();
    this.sizing.drop();
  }

  /** The question about the cell as it stands, with what somebody has written for its function. */
  private question(): AnalyseQuestion | null {
    const question = this.follower.question();
    if (!question) return null;
    const name = functionAt(question.cell.source, question.cell.line) ?? this.state.name;
    const { arguments: written, wrt, sizes } = wishesOf(this.state, name);
    return { ...question, arguments: written, wrt, sizes: Object.keys(sizes).length ? sizes : null, parts: true };
  }

  private readonly analysing = new Latest<AnalyseQuestion, AnalyseAnswer>({
    ask: question => this.asked(question),
    answered: (answer, question) => {
      if (question.cell.id !== this.follower.cell?.model?.id) return;
      this.state = answered(this.state, answer, question.cell.source);
      this.completing.drop();
      if (this.state.analysis?.pending && !this.state.stale) this.completing.want(() => this.gradientQuestion(), 0);
      this.draw();
    },
    failed: (error, question) => {
      if (question.cell.id !== this.follower.cell?.model?.id || this.line?.state !== "ready") return;
      this.state = failed(this.state, error.message);
      this.draw();
    },
    busy: on => this.showBusy(on),
  }, () => this.settings.delay);

  /** The second part of what was answered last. */
  private gradientQuestion(): GradientQuestion | null {
    const { analysis } = this.state;
    return analysis?.pending ? { what: "gradient", key: analysis.key, sizes: sizesOf(this.state) } : null;
  }

  private readonly completing = new Latest<GradientQuestion, AnalyseAnswer>({
    ask: question => this.insisted(question),
    answered: (answer, { key, sizes }) => {
      const { state } = this;
      if (state.analysis?.key !== key) return;
      const next = answered(state, answer, state.source!);
      this.state = state.stale ? { ...next, stale: true, problems: state.problems } : next;
      const moved = Object.entries(sizesOf(this.state)).some(([name, size]) => sizes && name in sizes && sizes[name] !== size);
      if (moved) this.sizeAnew();
      this.draw();
    },
    failed: (error, { key }) => {
      if (this.state.analysis?.key !== key || this.line?.state !== "ready" || EXPIRED.test(error.message)) return;
      this.state = failed(this.state, error.message);
      this.draw();
    },
  }, () => 0);

  private readonly sizing = new Latest<{ key: string; sizes: Sizes }, AtAnswer>({
    ask: ({ key, sizes }) => this.asked({ what: "at", key, sizes }),
    answered: (answer, { key }) => {
      this.state = atSizes(this.state, key, answer);
      this.draw();
    },
    failed: () => this.analyse(true),
  }, () => 0);

  private async baseline(question: { what: "baseline"; key: string } | { what: "baseline"; key: null; cell: string }, own: boolean): Promise<void> {
    try {
      await this.asked(question);
      this.state = { ...this.state, ownBaseline: own };
      this.panel?.announce(own ? "changes are compared with this text from now on" : "changes are compared with the last run");
    } catch (error) {
      this.state = failed(this.state, (error as Error).message);
    }
    this.analyse(true);
  }

  /** Have the numbers at the sizes of the sliders. */
  private sizeAnew(): void {
    this.sizing.want(() => {
      const { state } = this;
      return state.analysis && { key: state.analysis.key, sizes: sizesOf(state) };
    }, 0);
  }

  /** Ask until the answer is not given up for another text's, or nobody wants it any more. */
  private insisted<A>(question: GradientQuestion | { what: "view"; key: string; view: View }): Promise<A> {
    return insisting(() => this.asked<A>(question), () => this.state.analysis?.key === question.key);
  }

  /** Ask the kernel; a key that it has forgotten has the cell analysed again. */
  private async asked<A>(question: Parameters<Line["ask"]>[0]): Promise<A> {
    const { line } = this;
    if (!line) throw new Error("there is no kernel");
    try {
      return await line.ask<A>(question);
    } catch (error) {
      if ("key" in question && question.key !== null && EXPIRED.test((error as Error).message)) this.analyse(true);
      throw error;
    }
  }

  // ---- what is shown
  private draw(): void {
    const { state } = this;
    const notice = this.notice(state);
    const { panel } = this;
    if (panel && this.isSeen) {
      panel.showCell(state, notice);
      panel.showStatus(this.statusText(state, notice));
      this.drawLine();
      this.showView();
      this.announcer.heard(notice?.text ?? summary(state), text => panel.announce(text));
    }
    this.drawMarks(notice);
  }

  /** Show the view of the tab that is chosen, when nobody types. */
  private showView(): void {
    clearTimeout(this.viewing);
    if (numbersOf(this.state)?.pending) return; // it is drawn again
    const rest = this.editedAt + PAUSE - performance.now();
    if (rest > 0) this.viewing = setTimeout(() => this.showView(), rest);
    else void this.panel?.showView(this.state);
  }

  private notice(state: CellState): Notice | null {
    return notices({
      hasNotebook: this.follower.notebook !== null, isCode: this.follower.cell?.model?.type === "code", state,
      line: this.line, load: () => this.load(),
      kernelName: this.follower.notebook?.sessionContext.kernelDisplayName ?? "",
    });
  }

  private statusText(state: CellState, notice: Notice | null): string {
    return !notice && state.stale && state.error ? `Not up to date: ${state.error}` : "";
  }

  private showBusy(on: boolean): void {
    clearTimeout(this.busy);
    if (!on) this.panel?.showBusy(false);
    else this.busy = setTimeout(() => this.panel?.showBusy(true), 400); // most answers are there before
  }

  private markHere(): Mark | null {
    return marksIn(this.state).find(({ line }) => line === this.follower.line) ?? null;
  }

  private drawLine(): void {
    if (this.panel && this.isSeen && this.state.analysis) this.panel.showLine(this.follower.line, this.markHere());
  }

  private drawMarks(notice: Notice | null): void {
    const editor = this.follower.cell?.editor as CodeMirrorEditor | null | undefined;
    if (!editor?.editor) return;
    if (!this.wantsGutter || notice || !this.state.analysis) {
      this.marks.clear();
      return;
    }
    // what is not up to date stays where it has moved to, dimmed
    if (this.state.stale) this.marks.dim();
    else this.marks.show(editor.editor, marksIn(this.state), numbersOf(this.state)!.pending);
  }

  private panel: Panel | null = null;
  private line: Line | null = null;
  private busy: ReturnType<typeof setTimeout> | undefined;
  private viewing: ReturnType<typeof setTimeout> | undefined;
  private editedAt = -PAUSE;
  private readonly notebooks = new WeakMap<object, States>();
  private readonly marks = new Gutter();
  private readonly announcer = new Announcer();
}
