// The arrays of a tape in the page, and the reverse sweep over them. What a node depends on is a range of `sources` with
// the partials `weights`; nodes of structured operations too large for rows of their own have none, and the kernel
// sweeps those tapes.

export class TapeStore {
  constructor(data, link) {
    this.data = data;
    this.link = link;
    this.count = data.nodes;
    this.loaded = 0;
    this.at = data.nodes; // the reverse sweep stands before this node
    const n = data.nodes;
    this.operation = new Int16Array(n);
    this.place = new Int32Array(n);
    this.value = new Float64Array(n);
    this.seed = new Float64Array(n);
    this.adjoint = new Float64Array(n);
    this.full = null; // the adjoints of the whole sweep
    this.starts = new Int32Array(n + 1);
    this.sources = new Int32Array(data.edges);
    this.weights = new Float64Array(data.edges);
    this.blocks = null;
    this.texts = new Map(); // of lines, by place
    data.places.forEach((place, index) => {
      const source = data.sources.find(s => s.path === place.file && place.line >= s.first && place.line < s.first + s.lines.length);
      this.texts.set(index, source ? source.lines[place.line - source.first].trim() : "");
    });
  }

  /** Fetch all nodes, a window after the other; calls back after each. */
  async load(then) {
    let edge = 0;
    if (this.data.blocks && !this.data.whole) this.blocks = await this.link.ask({ what: "blocks" });
    for (let first = 0; first < this.count; first += this.data.window) {
      const stop = Math.min(this.count, first + this.data.window);
      const part = await this.link.ask({ what: "nodes", first, stop });
      for (const name of ["operation", "place", "value", "seed"]) this[name].set(part[name], first);
      for (let k = first; k < stop; k++) this.starts[k] = edge + part.starts[k - first];
      this.sources.set(part.sources, edge);
      this.weights.set(part.weights, edge);
      edge += part.sources.length;
      this.starts[stop] = edge;
      this.loaded = stop;
      then();
    }
    this.adjoint.set(this.seed);
  }

  /** True once all nodes are there. */
  get arrived() {
    return this.loaded === this.count;
  }

  name(node) {
    return this.data.operations[this.operation[node]];
  }

  line(node) {
    return this.data.places[this.place[node]].line;
  }

  /** Operation and place of a node, in words. */
  what(node) {
    const line = this.line(node);
    return this.name(node) + (line ? ` at line ${line}` : "");
  }

  /** The structured operation without rows that a node belongs to, or -1. */
  block(node) {
    if (!this.blocks) return -1;
    const { first, stop } = this.blocks;
    let low = 0, high = first.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (stop[middle] <= node) low = middle + 1;
      else high = middle;
    }
    return low < first.length && first[low] <= node ? low : -1;
  }

  /** The nodes that a node depends on. */
  inputs(node) {
    const block = this.block(node);
    if (block >= 0) return this.blocks.operands.subarray(this.blocks.starts[block], this.blocks.starts[block + 1]);
    return this.sources.subarray(this.starts[node], this.starts[node + 1]);
  }

  /** The nodes that take a node: all of them as one array with starts, made once. */
  users(node) {
    if (!this.takers) {
      const starts = new Int32Array(this.count + 1);
      this.edges((source) => { starts[source + 1]++; });
      for (let k = 0; k < this.count; k++) starts[k + 1] += starts[k];
      const next = starts.slice(), takers = new Int32Array(starts[this.count]);
      this.edges((source, user) => { takers[next[source]++] = user; });
      this.takers = { starts, takers };
    }
    return this.takers.takers.subarray(this.takers.starts[node], this.takers.starts[node + 1]);
  }

  /** Every edge; of a structured operation without rows, those to its first node. */
  edges(each) {
    for (let k = 0; k < this.count; k++) {
      for (let e = this.starts[k]; e < this.starts[k + 1]; e++) each(this.sources[e], k);
    }
    for (let b = 0; b < (this.blocks?.first.length ?? 0); b++) {
      for (let e = this.blocks.starts[b]; e < this.blocks.starts[b + 1]; e++) each(this.blocks.operands[e], this.blocks.first[b]);
    }
  }

  /** Sweep back to a node, or start again from the end where the sweep is beyond it. */
  async sweepTo(target) {
    if (!this.data.whole) {
      const asked = (this.asked = Symbol("sweep"));
      const found = target === this.count ? this.seed : await this.link.ask({ what: "adjoints", position: target });
      if (asked !== this.asked) return false;
      this.adjoint.set(found);
      this.at = target;
      return true;
    }
    if (target > this.at) {
      this.adjoint.set(this.seed);
      this.at = this.count;
    }
    tapeSweep(this, this.adjoint, this.at, target);
    this.at = target;
    return true;
  }

  /** The adjoints of the whole sweep, and what happens in it: made once. */
  async findings() {
    if (!this.full) {
      if (this.data.whole) {
        const full = this.seed.slice();
        this.events = tapeSweep(this, full, this.count, 0, true);
        this.full = full;
      } else {
        this.full = await this.link.ask({ what: "adjoints", position: 0 });
        this.events = {};
      }
      tapeFirsts(this);
    }
    return this.events;
  }
}

/** The reverse sweep from one node back to another, as `Tape.step_back`: a zero adjoint annihilates every partial. Where
 *  it is watched, the steps that first make an adjoint NaN or infinite are told. */
function tapeSweep(store, adjoint, from, to, watched = false) {
  const { starts, sources, weights } = store, events = {};
  for (let k = from - 1; k >= to; k--) {
    const bar = adjoint[k];
    if (bar === 0) continue;
    for (let e = starts[k]; e < starts[k + 1]; e++) {
      const added = (adjoint[sources[e]] += bar * weights[e]);
      if (watched && added - added !== 0) {
        const kind = Number.isNaN(added) ? "nan" : "inf";
        events[kind] ??= { node: sources[e], by: k };
      }
    }
  }
  return events;
}

/** The first node in the order of the sweep whose adjoint is zero although something uses it, and which partial did it. */
function tapeFirsts(store) {
  const { full, events, count } = store;
  let unused = 0, zeros = 0, nans = 0, infs = 0, largest = -1, smallest = -1;
  for (let k = count - 1; k >= 0; k--) {
    const bar = full[k], size = Math.abs(bar);
    if (bar === 0) {
      const users = store.users(k);
      if (!users.length) { unused++; continue; }
      const live = users.find(u => full[u] !== 0);
      if (live === undefined) { unused++; continue; }
      zeros++;
      events.zero ??= { node: k, by: live };
    } else if (Number.isNaN(bar)) {
      nans++;
      events.nan ??= { node: k };
    } else if (size === Infinity) {
      infs++;
      events.inf ??= { node: k };
    } else {
      if (largest < 0 || size > Math.abs(full[largest])) largest = k;
      if (smallest < 0 || size < Math.abs(full[smallest])) smallest = k;
    }
  }
  Object.assign(events, { unused, zeros, nans, infs, largest, smallest });
}

/** A number as a person reads it. */
export function tapeNumber(x, digits = 6) {
  if (Number.isNaN(x)) return "nan";
  if (!Number.isFinite(x)) return x > 0 ? "inf" : "−inf";
  const size = Math.abs(x), rounded = Number(x.toPrecision(digits));
  const text = size && (size < 1e-4 || size >= 1e9) ? rounded.toExponential() : String(rounded);
  return text.replace(/^-/, "−").replace("e+", "e");
}

/** How many nodes, in words. */
export function tapeCount(count) {
  return `${count.toLocaleString("en")} ${count === 1 ? "node" : "nodes"}`;
}

/** What several parts of the view look at together; `change` tells all who listen what is new. */
export class TapeState {
  constructor(values) {
    Object.assign(this, values);
    this.listeners = [];
  }

  listen(listener) {
    this.listeners.push(listener);
  }

  change(values) {
    const changed = new Set(Object.keys(values).filter(name => this[name] !== values[name]));
    Object.assign(this, values);
    if (changed.size) for (const listener of this.listeners) listener(changed);
  }
}
