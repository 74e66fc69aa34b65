// The line to each kernel: a comm that the kernel opens when it loads the extension, and that a reloaded page finds again.
//
// The target is registered for every kernel that the page knows, whether the panel is open or not, because a comm that
// nobody takes is closed by the page. Of several connections to one kernel JupyterLab gives comms to one alone: the
// others use its line.

import type { Kernel, KernelMessage } from "@jupyterlab/services";
import { type ISignal, Signal } from "@lumino/signaling";

import { type Channel, type Link, linkTo } from "../../workbench_jupyter/static/link.js";
import { PROTOCOL, type Question, TARGET } from "./protocol";

/** `asking`: whether there is a comm; `elsewhere`: another connection to the kernel has it. */
export type LineState =
  "asking" | "other language" | "other version" | "elsewhere" | "unloaded" | "loading" | "ready" | "restarting" | "dead";

const LIMIT = 600_000; // milliseconds: kernels without subshells answer when the cell that runs is done
const LOAD = "%load_ext workbench";
/** Where the extension is loaded, but its comm was closed by a page that did not know it. */
const LOAD_ANEW = "%unload_ext workbench\n%load_ext workbench";

export class Line {
  constructor(readonly kernel: Kernel.IKernelConnection) {
    kernel.registerCommTarget(TARGET, this.opened);
    kernel.statusChanged.connect(this.onStatus, this);
    kernel.disposed.connect(this.dispose, this);
    void this.look();
  }

  /** The language of a kernel that is no Python. */
  language = "";
  /** Why loading did not work. */
  refusal = "";

  get state(): LineState {
    return this.current;
  }

  get changed(): ISignal<this, LineState> {
    return this.signal;
  }

  /** The kernel's answer; what is open when the kernel goes is answered with an error. */
  ask<A>(question: Question): Promise<A> {
    return new Promise((resolve, reject) => {
      if (!this.link) throw new Error("the kernel is not connected");
      this.open.add(reject);
      this.link.ask(question).then(resolve, reject).finally(() => this.open.delete(reject));
    });
  }

  /** Load the extension into the kernel: nothing is printed, nothing is put into the history. */
  async load(): Promise<void> {
    this.refusal = "";
    this.set("loading");
    try {
      await this.execute(LOAD);
      if (this.current === "loading" && !(await this.found())) await this.execute(LOAD_ANEW);
      if (this.current === "loading" && !(await this.found())) throw new Error("it is loaded, but it does not answer");
    } catch (error) {
      this.refusal = (error as Error).message;
      if (this.current === "loading") this.set("unloaded");
    }
  }

  dispose(): void {
    if (this.isDisposed) return;
    this.isDisposed = true;
    this.kernel.removeCommTarget(TARGET, this.opened);
    this.kernel.statusChanged.disconnect(this.onStatus, this);
    this.drop();
    this.set("dead");
    Signal.clearData(this);
  }

  isDisposed = false;

  /** Whether the kernel has a comm to attach to; once for a page, and after restarts. */
  private async look(): Promise<void> {
    this.set("asking");
    try {
      const spec = await this.kernel.spec;
      if (spec && spec.language.toLowerCase() !== "python") {
        this.language = spec.display_name || spec.language;
        this.set("other language");
        return;
      }
      if (!this.kernel.handleComms) {
        this.set("elsewhere");
        return;
      }
      const found = await this.found();
      if (!found && this.current === "asking") this.set("unloaded");
    } catch {
      if (this.current === "asking" && !this.isDisposed) this.set("unloaded"); // it was restarted meanwhile
    }
  }

  /** Attach to the comm that is there; whether there is one. */
  private async found(): Promise<boolean> {
    const reply = await this.kernel.requestCommInfo({ target_name: TARGET });
    if (this.isDisposed) return true;
    const comms = reply.content.status === "ok" ? Object.keys(reply.content.comms) : [];
    const id = comms.at(-1);
    if (id !== undefined && !this.comm && !this.kernel.hasComm(id)) {
      await this.attach(this.kernel.createComm(TARGET, id));
    }
    return id !== undefined;
  }

  private readonly opened = (comm: Kernel.IComm, message: KernelMessage.ICommOpenMsg): void => {
    const version = message.content.data["protocol"];
    if (version === PROTOCOL) void this.attach(comm);
    else this.set("other version");
  };

  private async attach(comm: Kernel.IComm): Promise<void> {
    this.drop();
    this.comm = comm;
    const listeners = new Set<(message: unknown, buffers?: DataView[]) => void>();
    comm.onMsg = (message: KernelMessage.ICommMsgMsg) => {
      const buffers = (message.buffers ?? []).map(buffer =>
        ArrayBuffer.isView(buffer) ? new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength) : new DataView(buffer));
      for (const listen of listeners) listen(message.content.data, buffers);
    };
    comm.onClose = () => {
      if (this.comm !== comm) return;
      this.drop();
      this.set("unloaded");
    };
    const channel: Channel = {
      on: (_, listen) => listeners.add(listen),
      off: (_, listen) => listeners.delete(listen),
      send: message => { comm.send(message as never); },
    };
    // before its subshell is there, a question would wait for the cell that runs
    await this.kernel.info;
    if (this.kernel.supportsSubshells) await (comm as { subshellStarted?: Promise<void> }).subshellStarted?.catch(() => {});
    if (this.comm !== comm || this.isDisposed) return;
    this.link = linkTo(channel, LIMIT);
    this.set("ready");
  }

  private drop(): void {
    this.link?.close();
    this.link = null;
    this.comm = null;
    for (const reject of this.open) reject(new Error("the kernel is gone, or was restarted"));
    this.open.clear();
  }

  private async execute(code: string): Promise<void> {
    const future = this.kernel.requestExecute({ code, silent: true, store_history: false, allow_stdin: false });
    const reply = await future.done;
    if (reply.content.status === "error") {
      throw new Error(`${reply.content.ename}: ${reply.content.evalue}`);
    }
  }

  private onStatus(_: unknown, status: Kernel.Status): void {
    if (status === "restarting" || status === "autorestarting") {
      this.drop();
      this.set("restarting");
    } else if (status === "dead") {
      this.drop();
      this.set("dead");
    } else if (this.current === "restarting" && (status === "idle" || status === "busy")) {
      void this.look();
    }
  }

  private set(state: LineState): void {
    if (state === this.current) return;
    this.current = state;
    this.signal.emit(state);
  }

  private readonly signal = new Signal<this, LineState>(this);
  private current: LineState = "asking";
  private comm: Kernel.IComm | null = null;
  private link: Link | null = null;
  private readonly open = new Set<(error: Error) => void>();
}

/** A line for each kernel that is seen, made when it is seen first. */
export class Lines {
  of(kernel: Kernel.IKernelConnection): Line {
    const shared = this.lines.get(kernel.id);
    if (shared && !shared.isDisposed && (shared.kernel === kernel || !kernel.handleComms)) return shared;
    const line = new Line(kernel);
    this.lines.set(kernel.id, line);
    kernel.disposed.connect(() => {
      if (this.lines.get(kernel.id) === line) this.lines.delete(kernel.id);
    });
    return line;
  }

  private readonly lines = new Map<string, Line>();
}
