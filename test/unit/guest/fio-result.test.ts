// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { parseFioResult } from '../../../src/guest/fio-result.ts';

// The members of fio 3.33 that are read, with numbers of a real run.
function direction(change: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    io_bytes: 65_052_672,
    bw_bytes: 64_987_684,
    iops: 15_866.133866,
    total_ios: 15_882,
    clat_ns: {
      N: 15_882,
      percentile: { '50.000000': 2096, '99.000000': 142_336, '99.900000': 2_703_360 },
    },
    ...change,
  };
}

const idle = { bw_bytes: 0, iops: 0, total_ios: 0, clat_ns: { N: 0 } };

function output(...jobs: readonly Readonly<Record<string, unknown>>[]): string {
  const whole = jobs.map((job) => ({ error: 0, read: direction(), write: idle, ...job }));
  return `${JSON.stringify({ 'fio version': 'fio-3.33', jobs: whole }, undefined, 2)}\n`;
}

const read = {
  requestCount: 15_882,
  iops: 15_866.133866,
  bytesPerS: 64_987_684,
  latencyNs: { p50: 2096, p99: 142_336, p999: 2_703_360 },
};

describe('parseFioResult', () => {
  it('reads one job, with no direction where no request was made', () => {
    expect(parseFioResult(output({}))).toEqual({
      version: 'fio-3.33',
      jobCount: 1,
      read,
      write: undefined,
      errorCount: 0,
    });
  });

  it.each([
    ['notes before', `note: both iodepth >= 1 {and} more\nfio: {\n${output({})}`],
    ['words after', `${output({})}\nfio: terminating on signal {15}\n`],
    ['one line', JSON.stringify(JSON.parse(output({})))],
  ])('finds the JSON with %s', (_what, text) => {
    expect(parseFioResult(text).read).toEqual(read);
  });

  it('adds jobs up, and takes the worst of their latencies', () => {
    const slow = direction({
      clat_ns: { percentile: { '50.000000': 1, '99.000000': 2, '99.900000': 3_000_000 } },
    });

    expect(parseFioResult(output({}, { read: slow }, { read: idle })).read).toEqual({
      requestCount: 31_764,
      iops: 31_732.267732,
      bytesPerS: 129_975_368,
      latencyNs: { p50: 2096, p99: 142_336, p999: 3_000_000 },
    });
  });

  it('takes a result without percentiles', () => {
    const job = { read: direction({ clat_ns: { N: 1 } }) };

    expect(parseFioResult(output(job)).read?.latencyNs).toBeUndefined();
  });

  it('counts errors where fio did, else the jobs that failed', () => {
    expect(parseFioResult(output({ error: 5 }, { error: 0 })).errorCount).toBe(1);
    expect(parseFioResult(output({ error: 5, total_err: 12 }, { total_err: 3 })).errorCount).toBe(
      15,
    );
  });

  it.each([
    ['nothing', ''],
    ['no JSON', 'fio: command not found\n'],
    ['half a JSON', output({}).slice(0, -10)],
    ['another JSON', '{"a": 1}\n'],
    ['jobs of no form', '{"fio version": "3", "jobs": [1]}\n'],
    ['a rate that is no number', output({ read: direction({ iops: 'many' }) })],
    ['a negative rate', output({ read: direction({ iops: -1 }) })],
    ['percentiles that lack one', output({ read: direction({ clat_ns: { percentile: {} } }) })],
  ])('refuses %s', (_what, text) => {
    expect(() => parseFioResult(text)).toThrow(expect.objectContaining({ code: 'data-loss' }));
  });
});
