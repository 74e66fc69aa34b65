// A kernel as JupyterLab's connections present it, as far as the panel's line needs one. What is asked of it is answered
// by `answer`; code that loads the extension opens the comm.

import { Signal } from "./signaling";

export class FakeComm {
  constructor(readonly commId: string, readonly kernel: FakeKernel) {}

  onMsg: (message: unknown) => void = () => {};
  onClose: () => void = () => {};
  subshellStarted = Promise.resolve();

  send({ number, question }: { number: string; question: unknown }): void {
    this.kernel.asked.push(question);
    void Promise.resolve(this.kernel.answer(question)).then(value => {
      this.onMsg({ content: { data: value instanceof Error ? { answer: number, error: value.message } : { answer: number, value } } });
    });
  }
}

export class FakeKernel {
  id = "kernel";
  language = "python";
  handleComms = true;
  supportsSubshells = true;
  isDisposed = false;
  status = "idle";
  info = Promise.resolve({});
  /** Comms that are open in the kernel. */
  comms: string[] = [];
  asked: unknown[] = [];
  executed: string[] = [];
  /** What loading the extension fails with. */
  failure: { ename: string; evalue: string } | null = null;
  /** Whether the extension was loaded while no page took its comm. */
  isLoaded = false;
  answer: (question: unknown) => unknown = question => ({ of: question });
  readonly statusChanged = new Signal<this, string>(this);
  readonly disposed = new Signal<this, void>(this);
  /** The version of the protocol that the extension in the kernel speaks. */
  protocol = 1;
  private target: ((comm: FakeComm, message: unknown) => void) | null = null;
  readonly open = new Map<string, FakeComm>();

  get spec() {
    return Promise.resolve({ language: this.language, display_name: this.language.toUpperCase() });
  }

  registerCommTarget(_: string, callback: (comm: FakeComm, message: unknown) => void): void {
    this.target = callback;
  }

  removeCommTarget(): void {
    this.target = null;
  }

  hasComm(id: string): boolean {
    return this.open.has(id);
  }

  createComm(_: string, id: string): FakeComm {
    const comm = new FakeComm(id, this);
    this.open.set(id, comm);
    return comm;
  }

  requestCommInfo() {
    return Promise.resolve({ content: { status: "ok", comms: Object.fromEntries(this.comms.map(id => [id, {}])) } });
  }

  requestExecute({ code }: { code: string }) {
    this.executed.push(code);
    if (this.failure) return { done: Promise.resolve({ content: { status: "error", ...this.failure } }) };
    if (!this.isLoaded || code.includes("%unload_ext")) this.opens();
    return { done: Promise.resolve({ content: { status: "ok" } }) };
  }

  /** The kernel opens its comm. */
  opens(id = `comm${this.comms.length}`): void {
    this.isLoaded = true;
    this.comms.push(id);
    this.target?.(this.createComm("", id), { content: { data: { protocol: this.protocol } } });
  }

  /** A restart, by JupyterLab or by the kernel itself. */
  restarts(status = "restarting"): void {
    this.comms = [];
    this.open.clear();
    this.isLoaded = false;
    this.becomes(status);
  }

  becomes(status: string): void {
    this.status = status;
    this.statusChanged.emit(status);
  }
}
