// SPDX-License-Identifier: Apache-2.0

// The flow logs of a host's network card: takes records out of the engine and writes each to the
// files of the flow logs that it is for. A disk that is slow or full holds up nothing but this: the
// engine tells of what it could not keep as SKIPDATA, and what could not be written is counted.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { ArgonError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { NativeFlowLogRecord } from '../native/network-watch.ts';
import { type LoggedInterface, planFlowLogs } from '../network/flow-log-plan.ts';
import { type FlowLog, hostAccount } from '../network/model/records.ts';
import type { ServiceRecords } from '../network/services/service-records.ts';
import type { FlowLogState } from './bus/interfaces.ts';
import { flowLogHeader, flowLogLine } from './flow-log.ts';
import type { NetworkWatch } from './network-watch.ts';
import { RotatingFile } from './rotating-file.ts';

/** Of a flow log: so much of the disk at most, as long as it is. Arbitrary. */
export const fileBytesMax = 16 * 1024 * 1024;
export const filesKeptMax = 3;

// 16,384 records may wait in the card.
const takeEveryMs = 500;
// Interfaces that are gone and whose last records may be on their way. Arbitrary.
const goneMax = 4_096;

type Watch = Pick<NetworkWatch, 'startFlowLog' | 'stopFlowLog' | 'takeFlowLog'>;

interface Log {
  readonly record: FlowLog;
  readonly file: RotatingFile;
  written: bigint;
  lost: bigint;
  trouble: string;
}

export class FlowLogs implements AsyncDisposable {
  readonly #card: Watch;
  readonly #folder: string;
  readonly #logger: Logger;
  readonly #logs = new Map<string, Log>();
  /** What the engine logs, by number. */
  readonly #running = new Map<number, LoggedInterface>();
  /** By identity; those that are gone come first. */
  #sources: ReadonlyMap<bigint, LoggedInterface> = new Map();
  readonly #closing = new AbortController();
  #taking: Promise<void> | undefined;
  // Of changes: one after another.
  #changing: Promise<void> = Promise.resolve();

  /** @param folder made with the first flow log; only its owner reads it. */
  constructor(card: Watch, folder: string, logger: Logger) {
    this.#card = card;
    this.#folder = folder;
    this.#logger = logger;
  }

  /** Logs what these records say from now on; the policy that they belong to is in force. */
  async setRecords(records: ServiceRecords): Promise<void> {
    const before = this.#changing;
    const change = async (): Promise<void> => {
      await before;
      await this.#apply(records);
    };
    const changed = change();
    this.#changing = changed.catch(() => {}); // Whoever asked for it hears of it.
    await changed;
  }

  states(): readonly FlowLogState[] {
    return Array.from(this.#logs, ([id, { written, lost, trouble }]) => {
      return { id, written, lost, trouble };
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#changing;
    await this.#taking;
    for (const { file } of this.#logs.values()) await file[Symbol.asyncDispose]();
  }

  async #apply(records: ServiceRecords): Promise<void> {
    const plan = planFlowLogs(records);
    if (plan.length > 0) await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    await this.#keepFiles(records.state['flow-log']);
    const wanted = new Map(plan.map((one) => [one.index, one]));
    for (const index of this.#running.keys()) {
      if (wanted.has(index)) continue;
      await this.#card.stopFlowLog(index);
      this.#running.delete(index);
    }
    this.#sources = sourcesOf(this.#sources, plan);
    for (const one of plan) {
      const known = this.#running.get(one.index);
      this.#running.set(one.index, one);
      const isSame =
        known?.identity === one.identity && known.intervalSeconds === one.intervalSeconds;
      if (!isSame) await this.#card.startFlowLog(one.index, one.intervalSeconds);
    }
    if (plan.length > 0) this.#taking ??= this.#take();
  }

  async #keepFiles(records: readonly FlowLog[]): Promise<void> {
    const wanted = new Map(records.map((record) => [record.id, record]));
    for (const [id, { file }] of this.#logs) {
      if (wanted.has(id)) continue;
      this.#logs.delete(id);
      await file[Symbol.asyncDispose]();
    }
    for (const record of records) {
      if (this.#logs.has(record.id)) continue;
      const file = new RotatingFile({
        path: join(this.#folder, `${record.id}.log`),
        header: flowLogHeader(record.fields),
        bytesMax: fileBytesMax,
        keptMax: filesKeptMax,
      });
      this.#logs.set(record.id, { record, file, written: 0n, lost: 0n, trouble: '' });
    }
  }

  async #take(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        for (;;) {
          const records = await this.#card.takeFlowLog();
          if (records.length === 0) break;
          await this.#write(records);
        }
      } catch (thrown) {
        this.#logger.error({ err: thrown }, 'flow logs are not taken');
      }
      // Ends early, without an error of its own.
      await sleep(takeEveryMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #write(records: readonly NativeFlowLogRecord[]): Promise<void> {
    const lines = new Map<Log, string[]>();
    for (const record of records) {
      const source = this.#sources.get(record.identity);
      if (source === undefined) continue;
      for (const { id } of source.flowLogs) {
        const log = this.#logs.get(id);
        if (log === undefined || !isFor(log.record, record)) continue;
        const line = flowLogLine(record, { ...source, account: hostAccount }, log.record.fields);
        const some = lines.get(log) ?? [];
        some.push(line);
        lines.set(log, some);
      }
    }
    for (const [log, some] of lines) await this.#append(log, some);
  }

  async #append(log: Log, lines: readonly string[]): Promise<void> {
    const { id } = log.record;
    // Deleted while others were written: its file is closed and stays so.
    if (this.#logs.get(id) !== log) return;
    try {
      await log.file.append(lines.map((line) => `${line}\n`).join(''));
      log.written += BigInt(lines.length);
      if (log.trouble !== '') this.#logger.info({ flowLog: id }, 'a flow log is written again');
      log.trouble = '';
    } catch (thrown) {
      log.lost += BigInt(lines.length);
      const { message } = ArgonError.from(thrown);
      // Once, however long it lasts.
      if (log.trouble === '') this.#logger.error({ err: thrown, flowLog: id }, message);
      log.trouble = message;
    }
  }
}

function isFor({ trafficType }: FlowLog, record: NativeFlowLogRecord): boolean {
  if (record.status !== 'OK' || trafficType === 'all') return true;
  return trafficType === (record.action === 'ACCEPT' ? 'accept' : 'reject');
}

function sourcesOf(
  before: ReadonlyMap<bigint, LoggedInterface>,
  plan: readonly LoggedInterface[],
): ReadonlyMap<bigint, LoggedInterface> {
  const now = new Map(plan.map((one) => [one.identity, one]));
  const gone = [...before].filter(([identity]) => !now.has(identity)).slice(-goneMax);
  return new Map([...gone, ...now]);
}
