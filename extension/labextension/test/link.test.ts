import assert from "node:assert";
import { test } from "node:test";

import { linkTo } from "../../workbench_jupyter/static/link.js";

/** A channel whose other end the test is. */
function channel() {
  let listen: (message: unknown, buffers?: DataView[]) => void = () => {};
  const sent: { number: string; question: unknown }[] = [];
  return {
    sent, tell: (message: unknown, buffers?: DataView[]) => listen(message, buffers),
    on: (_: string, found: typeof listen) => { listen = found; }, off: () => { listen = () => {}; },
    send: (message: unknown) => { sent.push(message as never); },
  };
}

test("answers find their questions by number, arrays come back from their buffers", async () => {
  const end = channel();
  const link = linkTo(end);
  const [first, second] = [link.ask({ what: "a" }), link.ask({ what: "b" })];
  const bytes = new Uint8Array(20);
  new DataView(bytes.buffer).setFloat64(4, 1.5, true);
  end.tell({ answer: end.sent[1].number, value: [{ $array: 0, dtype: "float64" }] }, [new DataView(bytes.buffer, 4, 8)]);
  end.tell({ answer: "another page's 1", value: 7 });
  end.tell({ answer: end.sent[0].number, error: "ValueError: no" });
  assert.deepEqual(await second, [new Float64Array([1.5])]);
  await assert.rejects(first, /ValueError: no/);
  link.close();
});

test("a question that nobody answers fails after a while", async () => {
  await assert.rejects(linkTo(channel(), 5).ask({}), /did not answer/);
});
