// Bundles the tests (they are TypeScript, and import what the panel imports) and hands them to Node's own runner.
import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const { rspack } = createRequire(import.meta.url)('@rspack/core');
const { module: rules, resolve } = createRequire(import.meta.url)('../rspack.config.cjs');
const here = import.meta.dirname;
const out = join(tmpdir(), `ad-workbench-tests-${process.pid}`);
const entry = Object.fromEntries(
  readdirSync(here).filter(name => name.endsWith('.test.ts')).map(name => [name.slice(0, -3), join(here, name)]));

const stats = await new Promise((done, failed) => rspack(
  { mode: 'development', devtool: 'inline-source-map', target: 'node', entry, module: rules,
    resolve: { ...resolve, alias: { '@lumino/signaling': join(here, 'fakes', 'signaling.ts') } },
    output: { path: out, filename: '[name].cjs' } },
  (error, found) => (error ? failed(error) : done(found))));
if (stats.hasErrors()) {
  console.error(stats.toString({ all: false, errors: true }));
  process.exit(1);
}
const files = Object.keys(entry).map(name => join(out, `${name}.cjs`));
const { status } = spawnSync(process.execPath, ['--enable-source-maps', '--test', ...files], { stdio: 'inherit' });
rmSync(out, { recursive: true });
process.exit(status ?? 1);
