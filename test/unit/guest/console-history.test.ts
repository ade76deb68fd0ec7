// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  ConsoleHistory,
  type ConsolePattern,
  ConsoleSearch,
} from '../../../src/guest/console-history.ts';

function historyOf(...texts: readonly string[]): ConsoleHistory {
  const history = new ConsoleHistory(1_000);
  for (const text of texts) history.append(text);
  return history;
}

function take(history: ConsoleHistory, pattern: ConsolePattern): string | undefined {
  return history.take(new ConsoleSearch(pattern))?.text;
}

describe('take', () => {
  it('gives matches one after the other, with what stood before', () => {
    const history = historyOf('boot\nlogin: root\nlogin: ');

    expect(history.take(new ConsoleSearch('login: '))).toEqual({
      text: 'login: ',
      groups: [],
      before: 'boot\n',
    });
    expect(history.take(new ConsoleSearch('login: '))?.before).toBe('root\n');
    expect(take(history, 'login: ')).toBeUndefined();
  });

  it('gives the groups of a RegExp, which may match in the unfinished line', () => {
    expect(historyOf('a=1\nb=2').take(new ConsoleSearch(/^b=(\d)(x)?/))).toEqual({
      text: 'b=2',
      groups: ['2', undefined],
      before: 'a=1\n',
    });
  });

  it('holds a RegExp to one line', () => {
    const history = historyOf('one\ntwo\n');

    expect(take(history, /one.two/s)).toBeUndefined();
    expect(take(history, /^two$/)).toBe('two');
  });

  it('finds a text across lines', () => {
    expect(take(historyOf('one\ntwo\n'), 'one\ntwo')).toBe('one\ntwo');
  });

  it('is not misled by the memory of a global RegExp', () => {
    const pattern = /x/g;
    pattern.lastIndex = 5;

    expect(take(historyOf('x'), pattern)).toBe('x');
  });

  it('finds the same with every way of arrival', () => {
    // Goal: a search that goes on where it stopped misses nothing. Method: against one whole text.
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '\n'), maxLength: 40 });
    // No pattern ends in $: that matches at the end of whatever has come so far.
    const patterns = fc.constantFrom<ConsolePattern>('aab', 'b\nb', /^ab+a/, /a{3}/);
    fc.assert(
      fc.property(letters, fc.array(fc.nat(40)), patterns, (text, cuts, pattern) => {
        const whole = historyOf(text).take(new ConsoleSearch(pattern));
        const history = new ConsoleHistory(1_000);
        const search = new ConsoleSearch(pattern);
        const borders = [0, ...cuts.toSorted((l, r) => l - r), text.length];

        let found = history.take(search);
        for (const [index, border] of borders.entries()) {
          history.append(text.slice(borders[index - 1] ?? 0, border));
          found ??= history.take(search);
        }

        expect(found).toEqual(whole);
      }),
    );
  });
});

describe('a history that is full', () => {
  it('keeps its end, and at most twice its limit', () => {
    const history = new ConsoleHistory(10);
    for (let count = 0; count < 100; count += 1) history.append(`${count % 10}`);

    const kept = history.lastLines(1).join('');
    expect(kept.length).toBeLessThanOrEqual(20);
    expect('0123456789'.repeat(10).endsWith(kept)).toBe(true);
  });

  it('still finds what is in it after the place that was read is gone', () => {
    const history = new ConsoleHistory(10);
    history.append('login: ');
    const search = new ConsoleSearch('END');
    expect(take(history, 'login: ')).toBe('login: ');
    expect(history.take(search)).toBeUndefined();
    history.append('x'.repeat(50));
    expect(history.take(search)).toBeUndefined();
    history.append('END');

    expect(history.take(search)?.text).toBe('END');
  });

  it('does not find what was dropped', () => {
    const history = new ConsoleHistory(10);
    history.append(`early ${'x'.repeat(50)}`);

    expect(take(history, 'early')).toBeUndefined();
    expect(take(history, /early/)).toBeUndefined();
  });
});

describe('lastLines', () => {
  it('counts the unfinished line, but not the nothing after a line end', () => {
    expect(historyOf('a\nb\nc').lastLines(2)).toEqual(['b', 'c']);
    expect(historyOf('a\nb\n').lastLines(2)).toEqual(['a', 'b']);
    expect(historyOf('a\n').lastLines(40)).toEqual(['a']);
    expect(historyOf('').lastLines(40)).toEqual([]);
    expect(historyOf('a\n').lastLines(0)).toEqual([]);
  });
});
