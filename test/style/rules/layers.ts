// SPDX-License-Identifier: Apache-2.0

// A folder uses only what its row of the layer table names.

import { posix } from 'node:path';

import { type Finding, lineAt } from './finding.ts';
import { type LayerTable, nativeLayers, sourceLayers } from './layer-table.ts';
import type { SourceFile } from './source-file.ts';

/** What a layer may use: its row and, where the table says so, the rows of those. */
export function grantsOf(table: LayerTable, layer: string): ReadonlySet<string> {
  const grants = new Set(table.rows[layer] ?? []);
  if (table.reach === 'all') {
    // A Set's iteration visits what is added meanwhile, so this follows the rows to their end.
    for (const grant of grants) for (const next of table.rows[grant] ?? []) grants.add(next);
  }
  return grants;
}

/** Whether code of `layer` may use `target`, a path below the table's root. */
export function mayUse(table: LayerTable, layer: string, target: string): boolean {
  if (target.startsWith(`${layer}/`)) return true;
  for (const grant of grantsOf(table, layer)) {
    if (grant === '*' || target === grant || target.startsWith(`${grant}/`)) return true;
    // `vhost_user/spec` grants vhost_user/spec.h as well as vhost_user/spec/*.
    if (grant.includes('/') && target.replace(/\.\w+$/, '') === grant) return true;
  }
  return false;
}

function layerOf(table: LayerTable, path: string): string | undefined {
  const [first, layer, ...rest] = path.split('/');
  return first === table.root && rest.length > 0 ? layer : undefined;
}

function checkUse(
  table: LayerTable,
  file: SourceFile,
  use: { readonly target: string; readonly line: number },
): Finding[] {
  const layer = layerOf(table, file.path);
  const row = table.rows[layer ?? ''];
  // checkLayerKnown says it once where there is no row.
  if (layer === undefined || row === undefined || mayUse(table, layer, use.target)) return [];
  return [
    {
      path: file.path,
      line: use.line,
      what: `${table.root}/${layer} uses ${use.target}, which its row leaves out`,
      instead: `use only ${row.length === 0 ? 'its own files' : row.join(', ')}, or move the code`,
    },
  ];
}

/** A folder that no row names may hold no code. */
export function checkLayerKnown(file: SourceFile): Finding[] {
  for (const table of [nativeLayers, sourceLayers]) {
    const layer = layerOf(table, file.path);
    const isCode = file.kind === 'ts' || file.kind === 'cpp';
    if (layer === undefined || !isCode || table.rows[layer] !== undefined) continue;
    const what = `${table.root}/${layer} has no row in the layer table`;
    const instead = 'add one to docs/architecture.md and test/style/rules/layer-table.ts';
    return [{ path: file.path, line: 0, what, instead }];
  }
  return [];
}

const nodeHeaders = /^(?:napi|node_api|js_native_api|node|node_version|uv|v8)\b.*\.h$/;

/** Includes: project headers by their path from native/, upward never, Node's in addon/ only. */
export function checkIncludes(file: SourceFile, paths: ReadonlySet<string>): Finding[] {
  if (file.kind !== 'cpp') return [];
  const findings: Finding[] = [];
  for (const match of file.text.matchAll(/^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]/gm)) {
    const [, bracket, target = ''] = match;
    const line = lineAt(file.text, match.index);
    if (nodeHeaders.test(target) && !file.path.startsWith('native/addon/')) {
      const what = `<${target}> outside native/addon`;
      findings.push({ path: file.path, line, what, instead: 'keep the core free of Node' });
    }
    if (bracket !== '"') continue;
    findings.push(...checkUse(nativeLayers, file, { target, line }));
    const isFound =
      paths.has(`native/${target}`) ||
      paths.has(`test/native/${target}`) ||
      paths.has(`test/${target}`);
    if (!isFound) {
      const what = `"${target}" is no path from native/`;
      findings.push({ path: file.path, line, what, instead: 'write the path from native/' });
    }
  }
  return findings;
}

/** Import specifiers with their lines; those in comments and strings are passed over. */
export function importsOf(file: SourceFile): readonly { specifier: string; line: number }[] {
  const pattern = /\b(?:from|import)(?:\s*\(\s*|\s*)(['"])([^'"\n]+)\1/g;
  return [...file.text.matchAll(pattern)]
    .filter((match) => file.code.startsWith(match[0].slice(0, 4), match.index))
    .map((match) => ({ specifier: match[2] ?? '', line: lineAt(file.text, match.index) }));
}

/** Imports: layers obeyed, relative ones with their ending, addons loaded by src/native alone. */
export function checkImports(file: SourceFile): Finding[] {
  if (file.kind !== 'ts') return [];
  const findings: Finding[] = [];
  const { path } = file;
  for (const { specifier, line } of importsOf(file)) {
    if (specifier.endsWith('.node') && !path.startsWith('src/native/')) {
      const what = `import of ${specifier}`;
      findings.push({ path, line, what, instead: 'use src/native, which alone loads addons' });
    }
    if (!specifier.startsWith('.')) continue;
    if (!/\.(?:ts|json|node)$/.test(specifier)) {
      const what = `relative import '${specifier}' without its ending`;
      findings.push({ path, line, what, instead: `write '${specifier.replace(/\.js$/, '')}.ts'` });
    }
    const target = posix.join(posix.dirname(path), specifier);
    if (path.startsWith('src/') && !target.startsWith('src/') && target !== 'package.json') {
      const what = `src uses ${target}`;
      findings.push({ path, line, what, instead: 'move what is shared into src' });
    } else if (target.startsWith('src/')) {
      findings.push(...checkUse(sourceLayers, file, { target: target.slice(4), line }));
    }
  }
  return findings;
}

/** CMake links a layer only to layers that its row names. */
export function checkLayerLinks(file: SourceFile): Finding[] {
  if (file.path !== 'native/CMakeLists.txt') return [];
  const findings: Finding[] = [];
  for (const match of file.text.matchAll(/^argon_layer\(\s*(\w+)([^)]*)\)/gm)) {
    const [, layer = '', rest = ''] = match;
    for (const [, used = ''] of (rest.split(/\bUSES\b/)[1] ?? '').matchAll(/\bargon_(\w+)/g)) {
      if (nativeLayers.rows[used] === undefined || mayUse(nativeLayers, layer, `${used}/`))
        continue;
      findings.push({
        path: file.path,
        line: lineAt(file.text, match.index),
        what: `layer ${layer} links argon_${used}, which its row leaves out`,
        instead: `use only ${(nativeLayers.rows[layer] ?? []).join(', ')}`,
      });
    }
  }
  return findings;
}

/** Reads the rows of the first table after a line that opens with `**root/**`. */
export function parseLayerTable(markdown: string, root: string): Record<string, readonly string[]> {
  const lines = markdown.split('\n');
  const start = lines.findIndex((line) => line.startsWith(`**${root}/**`));
  const rows: Record<string, readonly string[]> = {};
  if (start === -1) return rows;
  const from = lines.findIndex((line, index) => index > start && line.startsWith('|'));
  for (const line of lines.slice(from)) {
    if (!line.startsWith('|')) break;
    const [, folder = '', uses = ''] = line
      .split('|')
      .map((cell) => cell.trim().replaceAll('`', ''));
    if (folder === 'folder' || /^-+$/.test(folder)) continue;
    if (uses === '—' || uses === '') rows[folder] = [];
    else if (uses === 'all' || uses === 'anything') rows[folder] = ['*'];
    else rows[folder] = uses.split(',').map((word) => word.trim());
  }
  return rows;
}
