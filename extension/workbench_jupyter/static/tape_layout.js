// The graph of a tape, laid out: one vertex for each node, group or line; layers by the longest path from the inputs, in a
// layer the order of the means of the inputs. Linear in the edges but for sorting within layers.

/** The vertices: for nodes, for the rows of a folded tree, or for lines; with the edges between different ones. */
export function tapeGraph(store, rows, mode) {
  const count = store.count, owner = new Int32Array(count);
  let vertices; // what each vertex stands for: a row
  if (mode === "calls" && rows.groups) {
    vertices = rows.unfolded(false);
    let v = 0;
    for (const row of vertices) {
      if (row >= 0) owner[row] = v++;
      else owner.fill(v++, rows.groups.first[-row - 1], rows.groups.stop[-row - 1]);
    }
  } else if (mode === "lines") {
    const seen = new Map();
    for (let k = 0; k < count; k++) {
      let v = seen.get(store.place[k]);
      if (v === undefined) seen.set(store.place[k], (v = seen.size));
      owner[k] = v;
    }
    vertices = Int32Array.from(seen.keys(), place => count + place);
  } else if (store.blocks) { // all numbers of a structured operation without rows are one vertex
    const made = [];
    let stop = 0;
    for (let k = 0; k < count; k++) {
      if (k >= stop) {
        const block = store.block(k);
        if (block >= 0) stop = store.blocks.stop[block];
        made.push(k);
      }
      owner[k] = made.length - 1;
    }
    vertices = Int32Array.from(made);
  } else {
    vertices = null;
    for (let k = 0; k < count; k++) owner[k] = k;
  }
  const size = vertices ? vertices.length : count;
  return { box: TAPE_BOXES[mode], vertices, size, owner, ...tapeEdges(store, owner, size, Boolean(vertices)) };
}

/** Edges by their target: starts, sources, how many there are of each. Those that lead back (from a later vertex: only
 *  between lines) are kept apart. */
function tapeEdges(store, owner, size, merged) {
  const from = [], to = [], weight = [], back = [], known = new Map();
  if (!merged) {
    const starts = new Int32Array(size + 1);
    store.edges((_, user) => { starts[user + 1]++; });
    for (let v = 0; v < size; v++) starts[v + 1] += starts[v];
    const next = starts.slice(), sources = new Int32Array(starts[size]);
    store.edges((source, user) => { sources[next[user]++] = source; });
    return { starts, sources, times: null, back };
  }
  store.edges((source, user) => {
    const a = owner[source], b = owner[user];
    if (a === b) return;
    const key = a * size + b, at = known.get(key);
    if (at !== undefined) { weight[at]++; return; }
    known.set(key, from.length);
    from.push(a);
    to.push(b);
    weight.push(1);
  });
  const starts = new Int32Array(size + 1);
  from.forEach((a, e) => { if (a < to[e]) starts[to[e] + 1]++; else back.push([a, to[e], weight[e]]); });
  for (let v = 0; v < size; v++) starts[v + 1] += starts[v];
  const next = starts.slice(), sources = new Int32Array(starts[size]), times = new Int32Array(starts[size]);
  from.forEach((a, e) => {
    if (a >= to[e]) return;
    times[next[to[e]]] = weight[e];
    sources[next[to[e]]++] = a;
  });
  return { starts, sources, times, back };
}

/** What a vertex takes, by mode: lines and calls have longer names. */
const TAPE_BOXES = {
  nodes: { width: 138, height: 40, across: 162, down: 50 },
  calls: { width: 150, height: 40, across: 180, down: 50 },
  lines: { width: 250, height: 40, across: 290, down: 54 },
};

/** Where the vertices are: their centres x and y, and the vertices of each layer from top to bottom. */
export function tapeLayout(graph) {
  const { size, starts, sources } = graph, layer = new Int32Array(size), y = new Float64Array(size);
  let layers = 0;
  for (let v = 0; v < size; v++) {
    let at = 0;
    for (let e = starts[v]; e < starts[v + 1]; e++) at = Math.max(at, layer[sources[e]] + 1);
    layer[v] = at;
    layers = Math.max(layers, at + 1);
  }
  // an input stands just before what first takes it, not at the far left
  const earliest = new Int32Array(size).fill(0x7fffffff);
  for (let v = 0; v < size; v++) for (let e = starts[v]; e < starts[v + 1]; e++) earliest[sources[e]] = Math.min(earliest[sources[e]], layer[v]);
  for (let v = 0; v < size; v++) if (starts[v] === starts[v + 1] && earliest[v] < 0x7fffffff) layer[v] = earliest[v] - 1;
  const begins = new Int32Array(layers + 1), order = new Int32Array(size);
  for (let v = 0; v < size; v++) begins[layer[v] + 1]++;
  for (let k = 0; k < layers; k++) begins[k + 1] += begins[k];
  const next = begins.slice();
  for (let v = 0; v < size; v++) order[next[layer[v]]++] = v;
  const wanted = new Float64Array(size);
  let low = 0, high = 0;
  for (let k = 0; k < layers; k++) {
    const mine = order.subarray(begins[k], begins[k + 1]);
    for (const v of mine) {
      let sum = 0;
      for (let e = starts[v]; e < starts[v + 1]; e++) sum += y[sources[e]];
      wanted[v] = starts[v + 1] > starts[v] ? sum / (starts[v + 1] - starts[v]) : 0;
    }
    if (mine.length > 1) mine.sort((a, b) => wanted[a] - wanted[b] || a - b);
    let shift = 0, before = -Infinity;
    for (const v of mine) {
      y[v] = Math.max(wanted[v], before + 1);
      before = y[v];
      shift += y[v] - wanted[v];
    }
    shift /= mine.length || 1;
    for (const v of mine) {
      y[v] -= shift;
      low = Math.min(low, y[v]);
      high = Math.max(high, y[v]);
    }
  }
  const { across, down } = graph.box;
  for (let v = 0; v < size; v++) y[v] = (y[v] - low) * down;
  return { layer, layers, begins, order, x: v => layer[v] * across, y, width: (layers - 1) * across, height: (high - low) * down };
}
