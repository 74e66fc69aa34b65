// What can be told of a cell's text without a parser.

/** The function that a line is in: the last `def` at the margin above it, unless something else began at the margin since. */
export function functionAt(source: string, line: number): string | null {
  const lines = source.split("\n");
  for (let k = Math.min(line, lines.length) - 1; k >= 0; k--) {
    const found = /^(?:async\s+)?def\s+([^\s(:[]+)/.exec(lines[k]);
    if (found) return found[1];
    if (k < line - 1 && /^[^\s#)\]}@]/.test(lines[k])) return null;
  }
  return null;
}
