// SPDX-License-Identifier: Apache-2.0

// Text that people write, as a tree whose every value knows its line. YAML 1.2, and so JSON too.

import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Document as YamlDocument,
  type Node as YamlNode,
} from 'yaml';

import { ArgonError } from '../../base/errors.ts';

/** A place in a text: `lab.yaml:12:3`. */
export type Place = string;

export type SourceNode = SourceMap | SourceList | SourceScalar;

export interface SourceMap {
  readonly kind: 'map';
  readonly place: Place;
  readonly entries: readonly SourceEntry[];
}

export interface SourceEntry {
  readonly key: string;
  readonly keyPlace: Place;
  readonly value: SourceNode;
}

export interface SourceList {
  readonly kind: 'list';
  readonly place: Place;
  readonly items: readonly SourceNode[];
}

export interface SourceScalar {
  readonly kind: 'scalar';
  readonly place: Place;
  /** Null is what an empty value is. */
  readonly value: string | number | bigint | boolean | null;
}

// Arbitrary, and far above any lab: aliases within aliases must not grow without end.
const textMaxBytes = 1024 * 1024;
const nodeCountMax = 100_000;
const depthMax = 32;

/**
 * Reads one document. An empty text is an empty map.
 * @throws ArgonError invalid-argument with the place, for what is no YAML 1.2 and for keys that are
 * there twice.
 */
export function readSource(text: string, fileName: string): SourceNode {
  if (text.length > textMaxBytes) throw wrong(fileName, 'is longer than 1 MiB');
  const lineCounter = new LineCounter();
  const document = parseDocument(text, {
    version: '1.2',
    lineCounter,
    intAsBigInt: true,
    prettyErrors: false,
    stringKeys: true,
    uniqueKeys: true,
  });
  const reader = new Reader(document, fileName, lineCounter);
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem !== undefined) throw wrong(reader.place(problem.pos[0]), problem.message);
  const root = document.contents;
  if (root === null) return { kind: 'map', place: `${fileName}:1:1`, entries: [] };
  return reader.read(root, 0);
}

class Reader {
  readonly #document: YamlDocument;
  readonly #fileName: string;
  readonly #lineCounter: LineCounter;
  #nodeCount = 0;

  constructor(document: YamlDocument, fileName: string, lineCounter: LineCounter) {
    this.#document = document;
    this.#fileName = fileName;
    this.#lineCounter = lineCounter;
  }

  place(offset: number): Place {
    const { line, col } = this.#lineCounter.linePos(offset);
    return `${this.#fileName}:${line}:${col}`;
  }

  read(node: YamlNode, depth: number): SourceNode {
    const place = this.place(node.range?.[0] ?? 0);
    this.#nodeCount += 1;
    if (this.#nodeCount > nodeCountMax) throw wrong(place, 'too many values');
    if (depth > depthMax) throw wrong(place, 'too deep a nesting');
    if (node.tag !== undefined && !node.tag.startsWith('tag:yaml.org,2002:')) {
      throw wrong(place, `the tag ${node.tag} means nothing here`);
    }
    if (isAlias(node)) {
      const target = node.resolve(this.#document);
      if (target === undefined) throw wrong(place, `there is no anchor ${node.source}`);
      return this.read(target, depth + 1);
    }
    if (isMap<YamlNode, YamlNode | null>(node)) {
      const entries = node.items.map(({ key, value }) => this.#readEntry(key, value, depth));
      return { kind: 'map', place, entries };
    }
    if (isSeq<YamlNode>(node)) {
      return { kind: 'list', place, items: node.items.map((item) => this.read(item, depth + 1)) };
    }
    return { kind: 'scalar', place, value: this.#scalarOf(node, place) };
  }

  #readEntry(key: YamlNode, value: YamlNode | null, depth: number): SourceEntry {
    const keyPlace = this.place(key.range?.[0] ?? 0);
    const name = isScalar(key) ? key.value : undefined;
    if (typeof name !== 'string') throw wrong(keyPlace, 'a key is not a plain word');
    const empty: SourceScalar = { kind: 'scalar', place: keyPlace, value: null };
    return { key: name, keyPlace, value: value === null ? empty : this.read(value, depth + 1) };
  }

  #scalarOf(node: YamlNode, place: Place): SourceScalar['value'] {
    const value: unknown = isScalar(node) ? node.value : undefined;
    if (value === null) return null;
    const isKnown = typeof value === 'string' || typeof value === 'boolean' || isNumber(value);
    if (isKnown) return value;
    throw wrong(place, 'a value of an unknown kind');
  }
}

function isNumber(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

function wrong(place: Place, what: string): ArgonError {
  return new ArgonError('invalid-argument', `${place}: ${what}`);
}
