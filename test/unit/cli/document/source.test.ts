// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';

import { readSource, type SourceNode } from '../../../../src/cli/document/source.ts';

/** What a tree says, without its places. */
function plain(node: SourceNode): unknown {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'list') return node.items.map(plain);
  return Object.fromEntries(node.entries.map(({ key, value }) => [key, plain(value)]));
}

describe('readSource()', () => {
  it('reads maps, lists and values with their places', () => {
    const tree = readSource('a: 1\nb:\n  - yes\n  - true\n  - "2"\n', 'lab.yaml');

    expect(plain(tree)).toEqual({ a: 1n, b: ['yes', true, '2'] });
    expect(tree).toMatchObject({
      place: 'lab.yaml:1:1',
      entries: [
        { keyPlace: 'lab.yaml:1:1', value: { place: 'lab.yaml:1:4' } },
        {
          keyPlace: 'lab.yaml:2:1',
          value: { items: [{ place: 'lab.yaml:3:5' }, {}, { place: 'lab.yaml:5:5' }] },
        },
      ],
    });
  });

  it.each([
    ['', {}],
    ['# nothing\n', {}],
    ['a:\n', { a: null }],
    ['{"a": [1, 2.5, null]}', { a: [1n, 2.5, null] }],
    ['a: &x {b: 1}\nc: *x\n', { a: { b: 1n }, c: { b: 1n } }],
    ['a: 18446744073709551615', { a: 2n ** 64n - 1n }],
    ['a: 0x10\nb: 010\nc: 1_000\nd: on\n', { a: 16n, b: 10n, c: '1_000', d: 'on' }],
  ])('reads %j', (text, value) => {
    expect(plain(readSource(text, 'f'))).toEqual(value);
  });

  it.each([
    ['a: 1\na: 2\n', /^f:2:1: .*unique/],
    ['a: [1\n', /^f:\d+:\d+: /],
    ['a: *x\n', /^f:1:4: .*(?:anchor|alias)/i],
    ['a: !secret 1\n', /^f:1:\d+: .*secret/],
    ['? [a]\n: 1\n', /^f:1:3: /],
    ['a: 1\n---\nb: 2\n', /^f:2:1: .*documents/],
    ['a: b: c', /^f:1:\d+: /],
    ['\ta: 1', /^f:1:1: /],
  ])('refuses %j with the place', (text, message) => {
    expect(() => readSource(text, 'f')).toThrow(message);
  });

  it.each([
    [`a: "${'x'.repeat(1024 * 1024)}"`, 'longer than 1 MiB'],
    [`a: ${'['.repeat(40)}${']'.repeat(40)}`, 'too deep'],
  ])('refuses what is too large', (text, message) => {
    expect(() => readSource(text, 'f')).toThrow(message);
  });

  it('does not let aliases of aliases grow without end', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let level = 1; level < 9; level += 1) {
      const alias = `*a${level - 1}`;
      lines.push(`a${level}: &a${level} [${Array.from({ length: 10 }, () => alias).join(', ')}]`);
    }

    expect(() => readSource(lines.join('\n'), 'f')).toThrow('too many values');
  });

  it('reads whatever JSON says', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ minLength: 1 }), fc.jsonValue()), (value) => {
        const seen = plain(readSource(JSON.stringify(value), 'f'));
        const withBigInts = JSON.parse(JSON.stringify(value), (_key, member: unknown) =>
          typeof member === 'number' && Number.isInteger(member) ? BigInt(member) : member,
        ) as unknown;
        const asNumbers = (_key: string, member: unknown): unknown =>
          typeof member === 'bigint' ? Number(member) : member;
        expect(JSON.stringify(seen, asNumbers)).toBe(JSON.stringify(withBigInts, asNumbers));
      }),
    );
  });

  it('reads back what the library writes', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ minLength: 1 }), fc.string()), (value) => {
        expect(plain(readSource(stringify(value), 'f'))).toEqual(value);
      }),
    );
  });
});
