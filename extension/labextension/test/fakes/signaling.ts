// The part of `@lumino/signaling` that the panel uses, so that its tests need nothing of JupyterLab.

type Slot = (sender: unknown, args: unknown) => void;

export class Signal<T, U> {
  constructor(readonly sender: T) {}

  connect(slot: Slot, self?: unknown): boolean {
    this.slots.push([slot, self]);
    return true;
  }

  disconnect(slot: Slot, self?: unknown): boolean {
    this.slots = this.slots.filter(([known, of]) => known !== slot || of !== self);
    return true;
  }

  emit(args: U): void {
    for (const [slot, self] of [...this.slots]) slot.call(self, this.sender, args);
  }

  static clearData(): void {}

  private slots: [Slot, unknown][] = [];
}
