// SPDX-License-Identifier: Apache-2.0

// What `fio --output-format=json` says, cut down to the numbers that reports use.

import { ArgonError } from '../base/errors.ts';
import { isObject, type JsonObject, parseArray, parseObject, parseString } from '../base/parse.ts';

export interface FioResult {
  readonly version: string;
  /** Jobs in the output; with group_reporting fio makes one of a group. */
  readonly jobCount: number;
  readonly read: FioDirection | undefined;
  readonly write: FioDirection | undefined;
  /** Failed requests where fio counted them (continue_on_error), else failed jobs. */
  readonly errorCount: number;
}

/** One direction over all jobs; there is none where no request was made. */
export interface FioDirection {
  readonly requestCount: number;
  /** Sums over the jobs. */
  readonly iops: number;
  readonly bytesPerS: number;
  /** Of completion latency. Of several jobs the worst; percentiles cannot be added. */
  readonly latencyNs: FioLatencyNs | undefined;
}

export interface FioLatencyNs {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

/**
 * Reads fio's output. Warnings before and after the JSON are passed over.
 * @throws ArgonError data-loss if there is no result in it.
 */
export function parseFioResult(output: string): FioResult {
  const result = findJson(output);
  try {
    const jobs = parseArray(result['jobs'], 'jobs').map((job) => parseObject(job, 'a job'));
    return {
      version: parseString(result['fio version'], 'fio version'),
      jobCount: jobs.length,
      read: parseDirection(jobs, 'read'),
      write: parseDirection(jobs, 'write'),
      errorCount: jobs.map(countErrors).reduce((sum, count) => sum + count, 0),
    };
  } catch (cause) {
    throw new ArgonError('data-loss', "fio's output has an unknown form", { cause });
  }
}

// Notes of fio come before the object, and may come after; a line of their own each. fio writes the
// object over many lines; a tool between may have put it on one.
function findJson(output: string): JsonObject {
  const ends = [output.lastIndexOf('\n}') + 2, output.lastIndexOf('}') + 1];
  for (let start = output.indexOf('{'); start !== -1; start = output.indexOf('{', start + 1)) {
    const isAtLineStart = start === 0 || output[start - 1] === '\n';
    if (!isAtLineStart) continue;
    const found = ends
      .map((end) => tryParse(output.slice(start, Math.max(start, end))))
      .filter(isObject)
      .find((value) => 'jobs' in value);
    if (found !== undefined) return found;
  }
  throw new ArgonError('data-loss', "there is no JSON in fio's output", {
    hint: 'run fio with --output-format=json; its own words are in the output',
  });
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function parseDirection(jobs: readonly JsonObject[], name: string): FioDirection | undefined {
  const parts = jobs
    .map((job) => parseObject(job[name], name))
    .filter((part) => parseNumber(part['total_ios'], 'total_ios') > 0);
  if (parts.length === 0) return undefined;
  const sum = (key: string): number =>
    parts.map((part) => parseNumber(part[key], key)).reduce((left, right) => left + right, 0);
  return {
    requestCount: sum('total_ios'),
    iops: sum('iops'),
    bytesPerS: sum('bw_bytes'),
    latencyNs: parseLatency(parts),
  };
}

// fio leaves percentiles out where it was told to, and where a job made no request.
function parseLatency(parts: readonly JsonObject[]): FioLatencyNs | undefined {
  const tables = parts
    .map((part) => parseObject(part['clat_ns'], 'clat_ns')['percentile'])
    .filter(isObject);
  if (tables.length === 0) return undefined;
  const worst = (percentile: string): number =>
    Math.max(...tables.map((table) => parseNumber(table[percentile], `percentile ${percentile}`)));
  return { p50: worst('50.000000'), p99: worst('99.000000'), p999: worst('99.900000') };
}

function countErrors(job: JsonObject): number {
  if (job['total_err'] !== undefined) return parseNumber(job['total_err'], 'total_err');
  return parseNumber(job['error'], 'error') === 0 ? 0 : 1;
}

function parseNumber(value: unknown, what: string): number {
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value;
  throw new ArgonError('data-loss', `${what} is not a number`);
}
