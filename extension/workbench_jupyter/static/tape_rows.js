// What the list has rows for: nodes, nodes and groups (calls, loops, turns, arrays), or lines. A row is a number: a node,
// below zero a group (-1 is the first), from the number of nodes on a place.

export class TapeRows {
  constructor(store) {
    this.store = store;
    this.groups = null;
    this.open = null; // which groups are unfolded
    this.matches = null; // rows that a filter leaves
    this.mode = "nodes";
    this.rows = null; // null: all nodes
  }

  get length() {
    return this.rows ? this.rows.length : this.store.loaded;
  }

  at(position) {
    return this.rows ? this.rows[position] : position;
  }

  /** Where a row, or the row that a node is folded into, stands; -1 if nowhere. */
  position(row) {
    if (!this.rows) return row >= 0 && row < this.store.loaded ? row : -1;
    const exact = this.rows.indexOf(row);
    if (exact >= 0 || row < 0 || row >= this.store.count || this.mode !== "calls" || this.matches) return exact;
    const { first, stop } = this.groups;
    let found = -1;
    for (let i = 0; i < this.rows.length; i++) {
      const group = -this.rows[i] - 1;
      if (group >= 0 && first[group] <= row && row < stop[group]) found = i;
      if (group >= 0 && first[group] > row) break;
    }
    return found;
  }

  async fetchGroups() {
    if (this.groups) return;
    const groups = await this.store.link.ask({ what: "groups" });
    const count = groups.first.length;
    groups.parent = new Int32Array(count).fill(-1);
    groups.children = new Int32Array(count); // groups and loose nodes
    groups.turns = new Int32Array(count);
    const around = [];
    for (let g = 0; g < count; g++) {
      around.length = groups.depth[g];
      const parent = groups.depth[g] ? around[groups.depth[g] - 1] : -1;
      around.push(g);
      groups.parent[g] = parent;
      groups.children[g] = groups.stop[g] - groups.first[g];
      if (parent >= 0) {
        groups.children[parent] += 1 - (groups.stop[g] - groups.first[g]);
        if (groups.kind[g] === 2) groups.turns[parent]++;
      }
    }
    this.groups = groups;
    this.open = new Uint8Array(count);
    this.unfoldSome();
  }

  /** Unfold from the outside as long as some sixty rows are enough for a whole level: siblings alike. */
  unfoldSome() {
    const { first, depth, kind, parent, children } = this.groups;
    let room = 60, level = [];
    for (let d = 0; ; d++) {
      level = [];
      for (let g = 0; g < first.length; g++) {
        if (depth[g] === d && kind[g] !== 3 && (parent[g] < 0 || this.open[parent[g]])) level.push(g);
      }
      const needed = level.reduce((sum, g) => sum + children[g], 0);
      if (!level.length || needed > room) break;
      for (const g of level) this.open[g] = 1;
      room -= needed;
    }
    // a loop and little else: its turns are what there is to see
    if (room > 55 && level.length && children[level[0]] <= 50_000) this.open[level[0]] = 1;
  }

  /** Make the rows anew. */
  refresh() {
    if (this.mode === "lines") {
      this.rows = Int32Array.from(this.store.data.places.keys(), place => this.store.count + place)
        .filter(row => row > this.store.count)
        .sort((a, b) => this.placeOf(a).line - this.placeOf(b).line);
    } else if (this.matches) this.rows = this.matches;
    else this.rows = this.mode === "calls" && this.groups ? this.unfolded() : null;
  }

  placeOf(row) {
    return this.store.data.places[row - this.store.count];
  }

  /** Nodes and groups that are seen: a folded group hides what is in it. With `heads`, unfolded groups have rows, too. */
  unfolded(heads = true) {
    const { first, stop, parent } = this.groups, made = [], count = first.length;
    let node = 0, g = 0;
    while (node < this.store.count || g < count) {
      if (g < count && first[g] === node) {
        if (parent[g] >= 0 && !this.open[parent[g]]) { g++; continue; }
        if (heads || !this.open[g]) made.push(-g - 1);
        if (!this.open[g]) {
          node = stop[g];
          while (g < count && first[g] < node) g++;
        } else g++;
      } else if (node < this.store.count) made.push(node++);
      else break;
    }
    return Int32Array.from(made);
  }

  toggle(row, open = undefined) {
    const group = -row - 1;
    if (group < 0 || !this.groups) return;
    this.open[group] = (open ?? !this.open[group]) ? 1 : 0;
    this.refresh();
  }

  /** The innermost group around a row, or zero (no row below zero). */
  parentRow(row) {
    if (!this.groups || row >= this.store.count) return 0;
    if (row < 0) return -this.groups.parent[-row - 1] - 1;
    let found = -1;
    const { first, stop } = this.groups;
    for (let g = 0; g < first.length && first[g] <= row; g++) if (stop[g] > row) found = g;
    return -found - 1;
  }

  depth(row) {
    if (this.mode !== "calls" || !this.groups || this.matches) return 0;
    if (row < 0) return this.groups.depth[-row - 1];
    const parent = -this.parentRow(row) - 1;
    return parent < 0 ? 0 : this.groups.depth[parent] + 1;
  }

  /** What a group is called. */
  label(group) {
    const { labels, label, kind, number, turns, first, stop } = this.groups, text = labels[label[group]];
    if (kind[group] === 0) return /^<|^\W/.test(text) ? text : `${text}()`;
    if (kind[group] === 1) return text.replace(/:$/, "") + (turns[group] ? ` · ${turns[group].toLocaleString("en")} turns` : "");
    if (kind[group] === 2) return `turn ${number[group]}`;
    return `${text} × ${(stop[group] - first[group]).toLocaleString("en")}`;
  }
}

/** What is typed into the search box, as a test of nodes; null where it asks for nothing. `#7` is no test but a node. */
export function tapeQuery(store, text) {
  const tests = [];
  const rest = text.trim().replace(/(line|value|adjoint|adj)?\s*(<=|>=|<|>|=)\s*(-?[\d.]+(?:e[-+]?\d+)?)/gi, (_, what, sign, number) => {
    const x = Number(number);
    const compare = { "<": a => a < x, ">": a => a > x, "<=": a => a <= x, ">=": a => a >= x, "=": a => a === x }[sign];
    if (/line/i.test(what ?? "")) tests.push(k => compare(store.line(k)));
    else if (/adj/i.test(what ?? "")) tests.push(k => compare(Math.abs(store.full ? store.full[k] : store.adjoint[k])));
    else tests.push(k => compare(store.value[k]));
    return " ";
  }).replace(/line\s+(\d+)/gi, (_, number) => {
    tests.push(k => store.line(k) === Number(number));
    return " ";
  });
  for (const word of rest.toLowerCase().split(/\s+/).filter(Boolean)) {
    const named = new Set(store.data.operations.flatMap((name, k) => (name.toLowerCase().includes(word) ? [k] : [])));
    tests.push(k => named.has(store.operation[k]));
  }
  return tests.length ? k => tests.every(test => test(k)) : null;
}
