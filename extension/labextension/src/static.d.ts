// The modules of live views are JavaScript without types; these are the parts that the panel takes from them.

declare module "*/static/link.js" {
  export interface Channel {
    on(event: string, listen: (message: any, buffers?: DataView[]) => void): void;
    off(event: string, listen: (message: any, buffers?: DataView[]) => void): void;
    send(message: unknown): void;
  }
  export interface Link {
    ask(question: unknown): Promise<any>;
    close(): void;
  }
  export function linkTo(channel: Channel, limit?: number): Link;
}

declare module "*/static/cost_parts.js" {
  export function costShort(value: number): string;
  export function costBytes(value: number): string;
  export function costSeconds(value: number): string;
  export function costMultiple(value: number): string;
  export function costFigure(value: number): string;
}

declare module "*/static/dom.js" {
  type Child = Node | string | null | undefined | false | Child[];
  export function el<K extends keyof HTMLElementTagNameMap>(
    tag: K, properties?: Record<string, unknown>, ...children: Child[]): HTMLElementTagNameMap[K];
}

declare module "*.js" {
  export function mount(
    element: HTMLElement, data: unknown, link: { ask(question: unknown): Promise<unknown> }): unknown;
}

declare module "*.svg" {
  const text: string;
  export default text;
}
