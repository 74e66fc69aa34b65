// The link with the kernel: questions by number, answers by the same, arrays as buffers beside them.

const LINK_LIMIT = 60_000; // milliseconds until a question counts as unanswered

/** Questions to the kernel over a channel (a widget's model, or what looks like one, over a comm):
 *  `ask(question)` resolves to the answer, rejects with the kernel's message. */
export function linkTo(model, limit = LINK_LIMIT) {
  const waiting = new Map();
  let last = 0;
  const listen = (message, buffers) => {
    const open = waiting.get(message?.answer);
    if (!open) return;
    waiting.delete(message.answer);
    clearTimeout(open.timer);
    if (message.error !== undefined) open.reject(new Error(message.error));
    else open.resolve(revived(message.value, buffers ?? []));
  };
  model.on("msg:custom", listen);
  const page = Math.random().toString(36).slice(2); // answers go to every page that shows the notebook
  return {
    ask(question) {
      const number = `${page}.${++last}`;
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(number);
          reject(new Error("the kernel did not answer; it may be busy or gone"));
        }, limit);
        waiting.set(number, { resolve, reject, timer });
        model.send({ question, number });
      });
    },
    close() {
      model.off("msg:custom", listen);
      for (const open of waiting.values()) clearTimeout(open.timer);
      waiting.clear();
    },
  };
}

const LINK_ARRAYS = {
  float64: Float64Array, float32: Float32Array, int32: Int32Array, int16: Int16Array, int8: Int8Array,
  uint32: Uint32Array, uint16: Uint16Array, uint8: Uint8Array, bool: Uint8Array,
};

/** An answer with its arrays, which travel as buffers, in place. */
export function revived(value, buffers) {
  if (Array.isArray(value)) return value.map(item => revived(item, buffers));
  if (value === null || typeof value !== "object") return value;
  if ("$array" in value) {
    const view = buffers[value.$array];
    const bytes = view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength); // aligned
    return new LINK_ARRAYS[value.dtype](bytes);
  }
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, revived(item, buffers)]));
}
