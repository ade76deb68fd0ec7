// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { ExpositionPage } from '../../../src/card/exposition.ts';
import { parseExposition } from './exposition-parser.ts';

describe('ExpositionPage', () => {
  it('writes what a strict scraper reads back', () => {
    const page = new ExpositionPage();
    const odd = 'a "b" \\ c\nd';
    page.add('a_total', 'counter', 'Counts\nof \\ all', [
      { labels: { x: odd, n: 1 }, value: 2n ** 64n - 1n },
      { labels: { x: '', n: 2 }, value: 0 },
    ]);
    page.add('b', 'gauge', 'Without labels', [{ labels: {}, value: 1.5 }]);
    page.add('c', 'gauge', 'Without samples', []);
    page.addHistograms('d', 'Times', [
      {
        labels: { x: 'y' },
        count: 3n,
        sum: 40n,
        buckets: [
          [7n, 1n],
          [15n, 2n],
        ],
      },
      { labels: { x: 'z' }, count: 0, sum: 0, buckets: [] },
    ]);
    page.addHistograms('e', 'None', []);

    const families = parseExposition(page.toString());

    expect([...families.keys()]).toEqual(['a_total', 'b', 'd']);
    expect(
      families.get('a_total')?.samples.get(String.raw`a_total{n="1",x="a \"b\" \\ c\nd"}`),
    ).toBe(2 ** 64);
    expect(families.get('b')?.samples.get('b{}')).toBe(1.5);
    expect(Object.fromEntries(families.get('d')?.samples ?? [])).toEqual({
      'd_bucket{le="7",x="y"}': 1,
      'd_bucket{le="15",x="y"}': 3,
      'd_bucket{le="+Inf",x="y"}': 3,
      'd_sum{x="y"}': 40,
      'd_count{x="y"}': 3,
      'd_bucket{le="+Inf",x="z"}': 0,
      'd_sum{x="z"}': 0,
      'd_count{x="z"}': 0,
    });
  });

  it('has no fewer records than its buckets, which were read a moment later', () => {
    const page = new ExpositionPage();
    page.addHistograms('d', 'Times', [{ labels: {}, count: 1, sum: 1, buckets: [[7, 4]] }]);

    const { samples } = parseExposition(page.toString()).get('d') ?? {};

    expect(samples?.get('d_count{}')).toBe(4);
  });

  it.each([
    ['x 1\n', 'another family'],
    ['# TYPE x counter\nx 1', 'does not end'],
    ['# TYPE x counter\nx -1\n', 'a counter'],
    ['# TYPE x gauge\nx 1\nx 1\n', 'twice'],
    ['# TYPE x gauge\n# TYPE x gauge\n', 'second TYPE'],
    ['# TYPE x gauge\nx{a="1" b="2"} 1\n', 'no labels'],
    ['# TYPE x gauge\nx one\n', 'no number'],
    ['# TYPE x histogram\nx_bucket{le="2"} 1\nx_bucket{le="1"} 1\n', 'buckets'],
    ['# TYPE x histogram\nx_bucket{le="+Inf"} 1\nx_count 2\n', 'the count'],
  ])('the check itself is checked: %j is refused', (page, message) => {
    expect(() => parseExposition(page)).toThrow(message);
  });
});
