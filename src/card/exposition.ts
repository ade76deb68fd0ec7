// SPDX-License-Identifier: Apache-2.0

// The text format that Prometheus scrapes (version 0.0.4): families with a head each, all samples
// of a family together.

/** Label names to values; names are ours, values anybody's. */
export type Labels = Readonly<Record<string, string | number>>;

export interface Sample {
  readonly labels: Labels;
  readonly value: bigint | number;
}

export interface HistogramSample {
  readonly labels: Labels;
  readonly count: bigint | number;
  readonly sum: bigint | number;
  /** Upper ends and counts of buckets that were hit, in the order of their ends. */
  readonly buckets: readonly (readonly [bigint | number, bigint | number])[];
}

export class ExpositionPage {
  readonly #lines: string[] = [];

  /** A family of numbers; one without samples is left out. */
  add(name: string, type: 'counter' | 'gauge', help: string, samples: readonly Sample[]): void {
    if (samples.length === 0) return;
    this.#head(name, type, help);
    for (const { labels, value } of samples) this.#sample(name, labels, value);
  }

  /** A family of histograms. Buckets that were never hit are left out. */
  addHistograms(name: string, help: string, samples: readonly HistogramSample[]): void {
    if (samples.length === 0) return;
    this.#head(name, 'histogram', help);
    for (const { labels, count, sum, buckets } of samples) {
      let seen = 0n;
      for (const [upperEnd, hits] of buckets) {
        seen += BigInt(hits);
        this.#sample(`${name}_bucket`, { ...labels, le: String(upperEnd) }, seen);
      }
      // A count read at another moment than the buckets must not be less than they are.
      const total = BigInt(count) > seen ? count : seen;
      this.#sample(`${name}_bucket`, { ...labels, le: '+Inf' }, total);
      this.#sample(`${name}_sum`, labels, sum);
      this.#sample(`${name}_count`, labels, total);
    }
  }

  toString(): string {
    return `${this.#lines.join('\n')}\n`;
  }

  #head(name: string, type: string, help: string): void {
    this.#lines.push(`# HELP ${name} ${escapeHelp(help)}`, `# TYPE ${name} ${type}`);
  }

  #sample(name: string, labels: Labels, value: bigint | number): void {
    const text = Object.entries(labels)
      .map(([label, content]) => `${label}="${escapeLabel(String(content))}"`)
      .join(',');
    this.#lines.push(text === '' ? `${name} ${value}` : `${name}{${text}} ${value}`);
  }
}

function escapeHelp(text: string): string {
  return text.replaceAll('\\', String.raw`\\`).replaceAll('\n', String.raw`\n`);
}

function escapeLabel(text: string): string {
  return escapeHelp(text).replaceAll('"', String.raw`\"`);
}
