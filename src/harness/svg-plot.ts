// SPDX-License-Identifier: Apache-2.0

// Plots as SVG text, drawn for a page of their own style: classes `ours`, `other`, `goal`, `axis`
// and `label` are given colors there. Pure; text is escaped here and nowhere else.

export interface Bar {
  readonly label: string;
  readonly value: number;
  /** What stands at the bar's end. */
  readonly text: string;
  readonly isOurs: boolean;
}

export interface Line {
  readonly label: string;
  /** Fraction of requests, 0 to below 1, and the latency in nanoseconds that they do not exceed. */
  readonly points: readonly (readonly [number, number])[];
  readonly isOurs: boolean;
}

const width = 560;

/** Horizontal bars on one scale from 0, and a line across them where the goal is. */
export function barPlot(bars: readonly Bar[], goal: number | undefined): string {
  const rowHeight = 26;
  const labelWidth = 236;
  const textWidth = 90;
  const height = bars.length * rowHeight + (goal === undefined ? 4 : 20);
  const longest = Math.max(...bars.map(({ value }) => value), goal ?? 0, Number.MIN_VALUE);
  const scale = (value: number): number =>
    (Math.max(value, 0) / longest) * (width - labelWidth - textWidth);
  const parts = bars.map((bar, index) => {
    const y = index * rowHeight + 4;
    const length = scale(bar.value);
    return (
      textAt(labelWidth - 8, y + 14, bar.label, 'end') +
      `<rect class="${bar.isOurs ? 'ours' : 'other'}" x="${labelWidth}" y="${y}" ` +
      `width="${round(length)}" height="${rowHeight - 8}" rx="2"/>` +
      textAt(labelWidth + length + 6, y + 14, bar.text, 'start')
    );
  });
  if (goal !== undefined) {
    const x = round(labelWidth + scale(goal));
    const bottom = bars.length * rowHeight;
    parts.push(
      `<line class="goal" x1="${x}" y1="0" x2="${x}" y2="${bottom}"/>` +
        textAt(x, bottom + 14, 'goal', 'middle'),
    );
  }
  return frame(height, parts);
}

// Each step of the axis is a tenth of the requests before it.
const ticks = [0.5, 0.9, 0.99, 0.999, 0.9999] as const;

/** Latency over the fraction of requests, both on logarithmic scales. */
export function percentilePlot(lines: readonly Line[]): string {
  const drawn = lines
    .map((line) => ({ ...line, points: line.points.filter(([, latencyNs]) => latencyNs > 0) }))
    .filter(({ points }) => points.length > 0);
  if (drawn.length === 0) return '';
  const box = { left: 64, right: width - 12, top: 10, bottom: 190 };
  const latencies = drawn.flatMap(({ points }) => points.map(([, latencyNs]) => latencyNs));
  const low = 10 ** Math.floor(Math.log10(Math.min(...latencies)));
  const high = 10 ** Math.max(Math.ceil(Math.log10(Math.max(...latencies))), Math.log10(low) + 1);
  const xOf = (fraction: number): number => {
    const nines = -Math.log10(1 - Math.min(fraction, 0.9999));
    return box.left + (nines / 4) * (box.right - box.left);
  };
  const yOf = (latencyNs: number): number =>
    box.bottom - (Math.log10(latencyNs / low) / Math.log10(high / low)) * (box.bottom - box.top);
  const parts: string[] = [];
  for (const fraction of ticks) {
    const x = round(xOf(fraction));
    parts.push(`<line class="axis" x1="${x}" y1="${box.top}" x2="${x}" y2="${box.bottom}"/>`);
    const anchor = fraction === 0.9999 ? 'end' : 'middle';
    parts.push(textAt(x, box.bottom + 16, `p${round(fraction * 100)}`, anchor));
  }
  for (let decade = low; decade <= high * 1.01; decade *= 10) {
    const y = round(yOf(decade));
    parts.push(`<line class="axis" x1="${box.left}" y1="${y}" x2="${box.right}" y2="${y}"/>`);
    parts.push(textAt(box.left - 6, y + 4, formatNs(decade), 'end'));
  }
  for (const { points, isOurs, label } of drawn) {
    const path = points
      .map(([fraction, latencyNs]) => `${round(xOf(fraction))},${round(yOf(latencyNs))}`)
      .join(' ');
    parts.push(
      `<polyline class="${isOurs ? 'ours' : 'other'}" points="${path}">` +
        `<title>${escapeText(label)}</title></polyline>`,
    );
  }
  return frame(box.bottom + 24, parts);
}

/** Points for a percentile plot from a histogram: pairs of a bucket's end and its count. */
export function percentilePoints(
  buckets: readonly (readonly [number, number])[],
): readonly (readonly [number, number])[] {
  const total = buckets.reduce((sum, [, count]) => sum + count, 0);
  const points: (readonly [number, number])[] = [];
  let seen = 0;
  for (const [end, count] of buckets) {
    const fraction = seen / total;
    seen += count;
    if (fraction > 0.9999) break;
    points.push([fraction, end]);
  }
  return points;
}

/** A duration as people read it: `2.5 µs`. */
export function formatNs(valueNs: number): string {
  const units = ['ns', 'µs', 'ms', 's'] as const;
  let value = valueNs;
  let index = 0;
  while (value >= 1000 && index < units.length - 1) {
    value /= 1000;
    index += 1;
  }
  return `${Number(value.toPrecision(3))} ${units[index] ?? ''}`;
}

export function escapeText(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

function textAt(x: number, y: number, text: string, anchor: 'start' | 'middle' | 'end'): string {
  return (
    `<text class="label" x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">` +
    `${escapeText(text)}</text>`
  );
}

function frame(height: number, parts: readonly string[]): string {
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" ` +
    `role="img">${parts.join('')}</svg>`
  );
}

function round(value: number): number {
  return Number(value.toFixed(2));
}
