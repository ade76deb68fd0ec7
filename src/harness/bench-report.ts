// SPDX-License-Identifier: Apache-2.0

// One HTML page of a benchmark's result. Nothing in it is loaded from elsewhere, so it can be sent
// around as a file and opened without a network.

import { formatBytes } from '../base/byte-size.ts';
import { assertNever } from '../base/errors.ts';
import type { BenchEnvironment } from './bench-environment.ts';
import type { BenchResult, ResultUnit, Runs } from './bench-result.ts';
import {
  barPlot,
  escapeText,
  formatNs,
  type Line,
  percentilePlot,
  percentilePoints,
} from './svg-plot.ts';
import type { BenchSample } from './workload.ts';

export interface BenchReport {
  readonly environment: BenchEnvironment;
  readonly results: readonly BenchResult[];
}

/** A figure with its unit, as tables and plots show it. */
export function formatFigure(value: number, unit: ResultUnit): string {
  switch (unit) {
    case 'iops':
      return value >= 1e6 ? `${(value / 1e6).toFixed(2)} M/s` : `${(value / 1000).toFixed(1)} k/s`;
    case 'bytes_per_s':
      return `${(value / 1e9).toFixed(2)} GB/s`;
    case 'ns':
      return formatNs(value);
    case 'bytes':
      return formatBytes(value);
    case 'cores':
      return `${(value * 100).toFixed(2)} %`;
  }
  return assertNever(unit);
}

/** The goal of a result in words: `≥ 1.7 ×`, `< 64.0 KiB`, or nothing. */
export function formatGoal({ goal, unit }: BenchResult): string {
  if (goal === undefined) return '';
  return goal.kind === 'ratio' ? `≥ ${goal.value} ×` : `< ${formatFigure(goal.value, unit)}`;
}

/** `yes`, `no`, or nothing where there is no goal or nothing to compare with. */
export function formatReached({ reached }: BenchResult): string {
  if (reached === undefined) return '';
  return reached ? 'yes' : 'no';
}

/** The page. */
export function renderReport(report: BenchReport): string {
  const { environment, results } = report;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Argon block benchmark</title>
<style>${style}</style>
<body>
<header>
<h1>Argon block benchmark</h1>
<p>${escapeText(summaryOf(results))}</p>
</header>
${environmentBlock(environment)}
${resultTable(results)}
<section class="cards">
${results
  .filter(({ runs }) => runs.length > 0)
  .map(card)
  .join('\n')}
</section>
</body>
</html>
`;
}

function summaryOf(results: readonly BenchResult[]): string {
  const judged = results.filter(({ reached }) => reached !== undefined);
  const reached = judged.filter((result) => result.reached === true).length;
  return `${reached} of ${judged.length} goals reached, ${results.length} rows measured.`;
}

function environmentBlock(environment: BenchEnvironment): string {
  const facts: readonly (readonly [string, string])[] = [
    ['Date', environment.date],
    ['CPU', `${environment.cpu}, ${environment.cpu_count} CPUs`],
    ['Memory', formatBytes(environment.memory_bytes)],
    ['Kernel', environment.kernel],
    ['Node', `${environment.node}, OpenSSL ${environment.openssl}`],
    ['Argon', `${environment.argon}, commit ${environment.commit}`],
    ...Object.entries(environment.peers).map(([name, version]) => [name, version] as const),
    ['Accelerator', environment.accelerator],
    ['Placement', environment.placement],
    ['Runs', environment.runs],
  ];
  const rows = facts
    .map(([name, fact]) => `<dt>${escapeText(name)}</dt><dd>${escapeText(fact)}</dd>`)
    .join('');
  return `<dl>${rows}</dl>`;
}

function resultTable(results: readonly BenchResult[]): string {
  const rows = results.map((result) => {
    const { unit, other } = result;
    const cells = [
      `<td><b>${escapeText(result.row)}</b><br><small>${escapeText(result.work)}</small></td>`,
      number(formatFigure(result.ours, unit)),
      `<td>${escapeText(result.other_name ?? '')}</td>`,
      number(other === undefined ? '' : formatFigure(other, unit)),
      number(result.ratio === undefined ? '' : `${result.ratio.toFixed(2)} ×`),
      number(formatGoal(result)),
      `<td class="${formatReached(result)}">${formatReached(result)}</td>`,
    ];
    return `<tr>${cells.join('')}</tr>`;
  });
  const heads = ['Row', 'Argon', 'Compared with', '', 'Ratio', 'Goal', 'Reached'];
  return (
    `<table><thead><tr>${heads.map((head) => `<th>${head}</th>`).join('')}</tr></thead>` +
    `<tbody>${rows.join('\n')}</tbody></table>`
  );
}

function number(text: string): string {
  return `<td class="number">${escapeText(text)}</td>`;
}

function card(result: BenchResult): string {
  const { unit, runs, other, goal } = result;
  const figure = ({ median }: Runs): number => figureOf(median, unit);
  const bars = runs.map((entry, index) => ({
    label: entry.name,
    value: figure(entry),
    text: formatFigure(figure(entry), unit),
    isOurs: index === 0,
  }));
  // Where less is better, the goal is the longest bar that is good enough.
  const goalFigure =
    goal === undefined || other === undefined
      ? undefined
      : unit === 'ns'
        ? other / goal.value
        : other * goal.value;
  const percentiles = percentilePlot(runs.map(lineOf));
  const legend = percentiles === '' ? '' : '<p class="caption">Latency of the median run</p>';
  return (
    `<article><h2>${escapeText(result.row)}</h2><p>${escapeText(result.work)}</p>` +
    `${barPlot(bars, goalFigure)}${legend}${percentiles}` +
    `<p class="caption">${escapeText(spreadOf(runs, unit))}</p>` +
    `<p class="caption">${escapeText(ticksOf(runs))}</p></article>`
  );
}

function figureOf(sample: BenchSample, unit: ResultUnit): number {
  if (unit === 'ns') return sample.p50_ns;
  return unit === 'bytes_per_s' ? sample.bytes_per_s : sample.iops;
}

function lineOf({ name, median }: Runs, index: number): Line {
  const buckets = median.latency_buckets;
  const points =
    buckets === undefined
      ? // What another program says of itself.
        [
          [0.5, median.p99_ns === undefined ? 0 : median.p50_ns] as const,
          [0.99, median.p99_ns ?? 0] as const,
          [0.999, median.p999_ns ?? 0] as const,
        ]
      : percentilePoints(buckets);
  return { label: name, points, isOurs: index === 0 };
}

// Of our own back end: where its CPU time goes.
function ticksOf(runs: readonly Runs[]): string {
  const ticks = runs[0]?.median.stage_ticks;
  if (ticks === undefined) return '';
  const { ring, store, crypto, complete } = ticks;
  return (
    `Ticks a request: ${ring} to take and check, ${store} for the store, ${crypto} to crypt, ` +
    `${complete} to complete and publish.`
  );
}

function spreadOf(runs: readonly Runs[], unit: ResultUnit): string {
  return runs
    .map(({ name, samples, median }) => {
      const figures = samples.map((sample) => figureOf(sample, unit));
      const low = formatFigure(Math.min(...figures), unit);
      const high = formatFigure(Math.max(...figures), unit);
      const cpu = median.backend_cpu === undefined ? '' : `, back end ${median.backend_cpu} cores`;
      return `${name}: ${low} to ${high} in ${samples.length} runs${cpu}`;
    })
    .join('. ');
}

const style = `
:root { --ours: #1f6feb; --other: #8b949e; --goal: #bf3989; --ink: #1f2328; --faint: #d0d7de; }
body { font: 15px/1.45 system-ui, sans-serif; color: var(--ink); background: #fff;
  max-width: 1220px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin: 0; }
h2 { font-size: 1rem; margin: 0; font-family: ui-monospace, monospace; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.15rem 1.2rem;
  background: #f6f8fa; border: 1px solid var(--faint); border-radius: 6px; padding: 0.8rem 1rem; }
dt { font-weight: 600; } dd { margin: 0; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; margin: 1.5rem 0; }
th, td { text-align: left; padding: 0.35rem 0.6rem; border-bottom: 1px solid var(--faint); }
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
small { color: #57606a; } td.yes { color: #1a7f37; font-weight: 600; }
td.no { color: #cf222e; font-weight: 600; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(500px, 1fr)); gap: 1rem; }
article { border: 1px solid var(--faint); border-radius: 6px; padding: 0.8rem 1rem; }
article p { margin: 0.2rem 0 0.6rem; } .caption { color: #57606a; font-size: 0.85rem; }
svg { width: 100%; height: auto; display: block; }
rect.ours { fill: var(--ours); } rect.other { fill: var(--other); }
polyline { fill: none; stroke-width: 2; } polyline.ours { stroke: var(--ours); }
polyline.other { stroke: var(--other); } line.axis { stroke: var(--faint); }
line.goal { stroke: var(--goal); stroke-width: 2; stroke-dasharray: 4 3; }
text.label { font-size: 12px; fill: var(--ink); }
`;
