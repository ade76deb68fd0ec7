// SPDX-License-Identifier: Apache-2.0

// Reads a page as a strict scraper does: the text format 0.0.4 of Prometheus, line by line. What it
// throws says which rule a page breaks.

export interface ParsedFamily {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  /** Series to value; a series is its name and its labels in the order of their names. */
  readonly samples: ReadonlyMap<string, number>;
}

const name = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const metaLine = new RegExp(String.raw`^# (HELP|TYPE) (${name}) (.*)$`);
const sampleLine = new RegExp(String.raw`^(${name})(?:\{(.*)\})? (\S+)$`);
const labelPart = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\[\\n"])*)"(?:,|$)/;

interface Series {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

export function parseExposition(page: string): ReadonlyMap<string, ParsedFamily> {
  if (!page.endsWith('\n')) throw new Error('the last line does not end');
  const families = new Map<string, ParsedFamily & { readonly samples: Map<string, number> }>();
  const helps = new Map<string, string>();
  const series: Series[] = [];
  let current = '';
  for (const line of page.slice(0, -1).split('\n')) {
    const [, meta, family = '', rest = ''] = metaLine.exec(line) ?? [];
    if (meta === 'HELP') {
      if (helps.has(family)) throw new Error(`a second HELP of ${family}`);
      helps.set(family, rest);
    } else if (meta === 'TYPE') {
      if (families.has(family)) throw new Error(`a second TYPE of ${family}`);
      if (rest !== 'counter' && rest !== 'gauge' && rest !== 'histogram') {
        throw new Error(`the type ${rest}`);
      }
      families.set(family, { type: rest, help: helps.get(family) ?? '', samples: new Map() });
      current = family;
    } else {
      const sample = parseSample(line);
      const parsed = families.get(current);
      const suffix = sample.name.slice(current.length);
      const suffixes = parsed?.type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
      if (!sample.name.startsWith(current) || parsed === undefined || !suffixes.includes(suffix)) {
        throw new Error(`a sample of another family than ${current}: ${line}`);
      }
      const key = keyOf(sample);
      if (parsed.samples.has(key)) throw new Error(`a series twice: ${key}`);
      parsed.samples.set(key, sample.value);
      if (parsed.type === 'histogram') series.push(sample);
      if (parsed.type === 'counter' && !(sample.value >= 0)) throw new Error(`a counter: ${line}`);
    }
  }
  checkHistograms(series);
  return families;
}

function parseSample(line: string): Series {
  const [, sampleName, labelText = '', valueText = ''] = sampleLine.exec(line) ?? [];
  if (sampleName === undefined) throw new Error(`no sample: ${line}`);
  const labels = new Map<string, string>();
  for (let rest = labelText; rest !== ''; ) {
    const [whole = '', label, value = ''] = labelPart.exec(rest) ?? [];
    if (label === undefined) throw new Error(`no labels: ${line}`);
    if (labels.has(label)) throw new Error(`a label twice: ${line}`);
    labels.set(label, value);
    rest = rest.slice(whole.length);
  }
  const value = valueText === '+Inf' ? Number.POSITIVE_INFINITY : Number(valueText);
  if (Number.isNaN(value)) throw new Error(`no number: ${line}`);
  return { name: sampleName, labels, value };
}

function keyOf({ name: sampleName, labels }: Series, without = ''): string {
  const text = [...labels]
    .filter(([label]) => label !== without)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([label, value]) => `${label}="${value}"`);
  return `${sampleName}{${text.join(',')}}`;
}

// Ends and counts go up, and the last bucket is the count.
function checkHistograms(series: readonly Series[]): void {
  const last = new Map<string, { end: number; count: number }>();
  for (const sample of series.filter((each) => each.name.endsWith('_bucket'))) {
    const key = keyOf(sample, 'le').replace('_bucket{', '{');
    const text = sample.labels.get('le') ?? '';
    const end = text === '+Inf' ? Number.POSITIVE_INFINITY : Number(text);
    const before = last.get(key) ?? { end: Number.NEGATIVE_INFINITY, count: 0 };
    if (!(end > before.end) || sample.value < before.count) throw new Error(`buckets of ${key}`);
    last.set(key, { end, count: sample.value });
  }
  for (const sample of series.filter((each) => each.name.endsWith('_count'))) {
    const { end, count } = last.get(keyOf(sample).replace('_count{', '{')) ?? { end: 0, count: 0 };
    if (end !== Number.POSITIVE_INFINITY || count !== sample.value) {
      throw new Error(`the count of ${sample.name}`);
    }
  }
}
