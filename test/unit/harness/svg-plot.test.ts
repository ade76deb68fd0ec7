// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import {
  barPlot,
  escapeText,
  formatNs,
  percentilePlot,
  percentilePoints,
} from '../../../src/harness/svg-plot.ts';

const numbersOf = (svg: string, pattern: RegExp): readonly number[] =>
  [...svg.matchAll(pattern)].map(([, text]) => Number(text));

describe('barPlot', () => {
  const bars = [
    { label: 'ours', value: 300, text: '300', isOurs: true },
    { label: 'a < b', value: 100, text: '100', isOurs: false },
  ];

  it('draws lengths in proportion, ours apart from others, with escaped labels', () => {
    const svg = barPlot(bars, undefined);

    const [ours = 0, other = 1] = numbersOf(svg, /<rect class="\w+"[^>]* width="([\d.]+)"/g);
    expect(ours / other).toBeCloseTo(3, 1);
    expect(svg).toMatch(/<rect class="ours".*<rect class="other"/s);
    expect(svg).toContain('a &lt; b');
    expect(svg).not.toContain('class="goal"');
  });

  it('fits a goal that is beyond all bars', () => {
    const svg = barPlot(bars, 600);

    const [ours = 0] = numbersOf(svg, /<rect class="ours"[^>]* width="([\d.]+)"/g);
    const [left = 0] = numbersOf(svg, /<rect class="ours" x="([\d.]+)"/g);
    const [goal = 0] = numbersOf(svg, /<line class="goal" x1="([\d.]+)"/g);
    expect((goal - left) / ours).toBeCloseTo(2, 1);
  });

  it('draws figures of zero', () => {
    expect(barPlot([{ label: '', value: 0, text: '0', isOurs: true }], undefined)).toContain(
      'width="0"',
    );
  });
});

describe('percentilePlot', () => {
  it('draws slower requests higher and later ones further right', () => {
    const svg = percentilePlot([
      {
        label: 'ours',
        points: [
          [0, 1000],
          [0.5, 2000],
          [0.99, 50_000],
        ],
        isOurs: true,
      },
    ]);

    const points = (/points="([^"]+)"/.exec(svg)?.[1] ?? '')
      .split(' ')
      .map((point) => point.split(',').map(Number));
    expect(points).toHaveLength(3);
    for (const [index, [x = 0, y = 0]] of points.slice(1).entries()) {
      const [beforeX = 0, beforeY = 0] = points[index] ?? [];
      expect(x).toBeGreaterThan(beforeX);
      expect(y).toBeLessThan(beforeY);
    }
    expect(svg).toContain('p99.99');
  });

  it('is nothing where nobody has latencies', () => {
    expect(percentilePlot([])).toBe('');
    expect(percentilePlot([{ label: 'a', points: [[0.5, 0]], isOurs: true }])).toBe('');
  });
});

describe('percentilePoints', () => {
  it('puts each bucket at the fraction of requests before it', () => {
    expect(
      percentilePoints([
        [10, 50],
        [20, 49],
        [30, 1],
      ]),
    ).toEqual([
      [0, 10],
      [0.5, 20],
      [0.99, 30],
    ]);
    expect(percentilePoints([])).toEqual([]);
  });
});

describe('formatNs', () => {
  it.each([
    [7, '7 ns'],
    [999, '999 ns'],
    [2500, '2.5 µs'],
    [1_234_567, '1.23 ms'],
    [5e9, '5 s'],
    [5e13, '50000 s'],
  ])('%d is %s', (value, text) => {
    expect(formatNs(value)).toBe(text);
  });
});

describe('escapeText', () => {
  it('leaves no mark that HTML has a meaning for', () => {
    expect(escapeText('<a href="x">&</a>')).toBe('&lt;a href=&quot;x&quot;&gt;&amp;&lt;/a&gt;');
  });
});
