// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { escapeOptionValue, formatOption } from '../../../src/qemu/option-text.ts';

/** QEMU's own reading of an option, from util/qemu-option.c: a value ends at a single comma. */
function parseAsQemu(text: string): Record<string, string> {
  const pairs: Record<string, string> = {};
  let rest = text;
  while (rest !== '') {
    const key = rest.slice(0, rest.indexOf('='));
    let value = '';
    let at = key.length + 1;
    while (at < rest.length && (rest[at] !== ',' || rest[at + 1] === ',')) {
      value += rest[at];
      at += rest[at] === ',' ? 2 : 1;
    }
    pairs[key] = value;
    rest = rest.slice(at + 1);
  }
  return pairs;
}

describe('formatOption', () => {
  it('writes head, keys and values in their order', () => {
    expect(formatOption('socket', { id: 'a', fd: 3, server: false, wait: true })).toBe(
      'socket,id=a,fd=3,server=off,wait=on',
    );
    expect(formatOption(undefined, { cpus: 2 })).toBe('cpus=2');
    expect(formatOption('kvm', {})).toBe('kvm');
  });

  it('is read back by QEMU as it was meant, whatever the values hold', () => {
    const key = fc.stringMatching(/^[a-z][a-z-]{0,8}$/);
    const value = fc.string({ unit: fc.constantFrom(',', '=', 'a', ' ', "'", '"', '\n', 'ü') });
    fc.assert(
      fc.property(fc.dictionary(key, value, { maxKeys: 5, noNullPrototype: true }), (pairs) => {
        expect(parseAsQemu(formatOption(undefined, pairs))).toEqual(pairs);
      }),
    );
  });

  it.each(['', 'a=b', 'a,b', '-x', 'x y'])('refuses %j as a head and as a key', (word) => {
    expect(() => formatOption(word, {})).toThrow(/not a QEMU option name/);
    expect(() => formatOption(undefined, { [word]: 1 })).toThrow(/not a QEMU option name/);
  });
});

describe('escapeOptionValue', () => {
  it('doubles commas and nothing else', () => {
    expect(escapeOptionValue('/a,b,,c=d')).toBe('/a,,b,,,,c=d');
  });

  it('refuses a NUL, which no argument can carry', () => {
    expect(() => escapeOptionValue('a\0b')).toThrow(/NUL/);
  });
});
