// Questions of which only the last counts: asked a moment after they are wanted, never more than one open. A question is
// put into words when it is asked, so that wanting one costs nothing.
//
// An answer that is no longer wanted, because another question came meanwhile, is dropped. Where an answer takes longer
// than `PATIENCE` and another question waits, that one is asked all the same: an answer that never comes blocks nothing.

export const PATIENCE = 10_000; // milliseconds

/** An answer that the kernel gave up for another text's: that of this page, or of another one. */
const STOPPED = /^Stopped\b/;
const AGAIN = 250; // milliseconds

/** Ask again while the answer is given up and still wanted. */
export async function insisting<A>(ask: () => Promise<A>, isWanted: () => boolean): Promise<A> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!STOPPED.test((error as Error).message)) throw error;
      await new Promise(done => setTimeout(done, AGAIN));
      if (!isWanted()) throw error;
    }
  }
}

export interface Answering<Q, A> {
  ask(question: Q): Promise<A>;
  answered(answer: A, question: Q): void;
  failed(error: Error, question: Q): void;
  /** Whether a question waits or is open. */
  busy?(on: boolean): void;
}

export class Latest<Q, A> {
  constructor(private readonly to: Answering<Q, A>, private delay: () => number) {}

  /** Have a question answered, none if it is null by then; `wait`: milliseconds in which there may be more of what is
   *  typed. */
  want(question: () => Q | null, wait = this.delay()): void {
    this.wanted = question;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.due(), wait);
    this.say(true);
  }

  /** Want nothing any more. */
  drop(): void {
    clearTimeout(this.timer);
    clearTimeout(this.patience);
    this.wanted = null;
    this.isDue = false;
    this.turn += 1;
    this.isOpen = false;
    this.say(false);
  }

  private due(): void {
    this.isDue = true;
    if (!this.isOpen) void this.next();
    else if (Date.now() - this.since > PATIENCE) void this.next();
    else {
      clearTimeout(this.patience);
      this.patience = setTimeout(() => this.isDue && void this.next(), PATIENCE - (Date.now() - this.since));
    }
  }

  private async next(): Promise<void> {
    const question = this.wanted!();
    if (question === null) {
      this.drop();
      return;
    }
    const turn = ++this.turn;
    [this.isDue, this.isOpen, this.wanted, this.since] = [false, true, null, Date.now()];
    let tell: (() => void) | null = null;
    try {
      const answer = await this.to.ask(question);
      tell = () => this.to.answered(answer, question);
    } catch (error) {
      tell = () => this.to.failed(error as Error, question);
    }
    if (turn !== this.turn) return; // another one was asked meanwhile, or nothing is wanted any more
    this.isOpen = false;
    clearTimeout(this.patience);
    if (this.wanted === null) {
      this.say(false);
      tell();
    } else if (this.isDue) void this.next();
  }

  private say(on: boolean): void {
    if (on === this.said) return;
    this.said = on;
    this.to.busy?.(on);
  }

  private wanted: (() => Q | null) | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private patience: ReturnType<typeof setTimeout> | undefined;
  private isDue = false;
  private isOpen = false;
  private said = false;
  private turn = 0;
  private since = 0;
}
