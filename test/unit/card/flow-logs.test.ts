// SPDX-License-Identifier: Apache-2.0

import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import {
  mkdir,
  open as openFile,
  readdir,
  readFile,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { describe, expect, it } from 'vitest';

import { pollUntil } from '../../../src/base/deadline.ts';
import { createLogger } from '../../../src/base/log.ts';
import { FlowLogs } from '../../../src/card/flow-logs.ts';
import type { NativeFlowLogRecord } from '../../../src/native/network-watch.ts';
import { interfaceIdentity } from '../../../src/network/compile.ts';
import type { FlowLog } from '../../../src/network/model/records.ts';
import type { ServiceRecords } from '../../../src/network/services/service-records.ts';
import { networkId, sampleFlowLog, sampleState } from '../network/samples.ts';
import { sampleServiceRecords } from '../network/services/samples.ts';
import { createTempDir, type TempDir } from '../temp-dir.ts';
import { sampleFlow } from './samples.ts';

const scope = { signal: AbortSignal.timeout(300_000), intervalMs: 5 };
const eni = networkId('eni', 1);
const identity = interfaceIdentity(eni);

class FakeCard {
  readonly calls: string[] = [];
  records: NativeFlowLogRecord[] = [];

  async startFlowLog(index: number, seconds: 60 | 600): Promise<void> {
    this.calls.push(`start ${index} ${seconds}`);
  }
  async stopFlowLog(index: number): Promise<void> {
    this.calls.push(`stop ${index}`);
  }
  async takeFlowLog(): Promise<readonly NativeFlowLogRecord[]> {
    return this.records.splice(0);
  }
}

function recordsWith(flowLogs: readonly FlowLog[]): ServiceRecords {
  return sampleServiceRecords({
    state: sampleState({ 'flow-log': flowLogs }),
    served: [{ index: 4, interfaceId: eni }],
    attachments: [],
  });
}

function open(dir: TempDir) {
  const card = new FakeCard();
  const folder = join(dir.path, 'flow-logs');
  const logs = new FlowLogs(card, folder, createLogger('test', 'silent'));
  return { card, folder, logs };
}

async function untilTold(logs: FlowLogs, count: bigint): Promise<void> {
  const told = (): true | undefined =>
    logs.states().every(({ written, lost }) => written + lost >= count) ? true : undefined;
  await pollUntil(told, 'waiting for records', scope);
}

describe('FlowLogs', () => {
  it('writes to each flow log what it is for', async () => {
    await using dir = await createTempDir();
    const { card, folder, logs } = open(dir);
    const denied = sampleFlowLog(2, { trafficType: 'reject', fields: ['dstport', 'action'] });
    await logs.setRecords(recordsWith([sampleFlowLog(1), denied]));
    card.records.push(
      sampleFlow({ identity }),
      sampleFlow({ identity, action: 'REJECT' }),
      sampleFlow({ identity: 99n }),
      { identity, status: 'SKIPDATA', start: 1n, end: 2n },
    );

    await untilTold(logs, 2n);
    await logs[Symbol.asyncDispose]();

    expect(card.calls).toEqual(['start 4 600']);
    expect(await readFile(join(folder, `${networkId('fl', 1)}.log`), 'utf8')).toBe(
      `interface-id action log-status\n${eni} ACCEPT OK\n${eni} REJECT OK\n${eni} - SKIPDATA\n`,
    );
    expect(await readFile(join(folder, `${denied.id}.log`), 'utf8')).toBe(
      'dstport action\n22 REJECT\n- -\n',
    );
    expect(logs.states()).toEqual([
      { id: networkId('fl', 1), written: 3n, lost: 0n, trouble: '' },
      { id: denied.id, written: 2n, lost: 0n, trouble: '' },
    ]);
  });

  it('starts what is new, changes intervals, stops what nobody logs', async () => {
    await using dir = await createTempDir();
    const { card, folder, logs } = open(dir);
    await logs.setRecords(recordsWith([]));
    await expect(readdir(folder)).rejects.toThrow('ENOENT');

    const slow = sampleFlowLog(1);
    const quick = sampleFlowLog(2, { resource: eni, intervalSeconds: 60 });
    await logs.setRecords(recordsWith([slow]));
    await logs.setRecords(recordsWith([slow]));
    await logs.setRecords(recordsWith([slow, quick]));
    await logs.setRecords(recordsWith([]));
    await logs[Symbol.asyncDispose]();

    expect(card.calls).toEqual(['start 4 600', 'start 4 60', 'stop 4']);
    expect(logs.states()).toEqual([]);
  });

  it('has the last records of an interface that is gone', async () => {
    await using dir = await createTempDir();
    const { card, folder, logs } = open(dir);
    const flowLog = sampleFlowLog(1);
    await logs.setRecords(recordsWith([flowLog]));
    await logs.setRecords({ ...recordsWith([flowLog]), served: [] });
    card.records.push(sampleFlow({ identity }));

    await untilTold(logs, 1n);
    await logs[Symbol.asyncDispose]();

    expect(await readFile(join(folder, `${flowLog.id}.log`), 'utf8')).toContain(`${eni} ACCEPT`);
  });

  it('opens no file of a flow log that is deleted while another one is written', async () => {
    await using dir = await createTempDir();
    const { card, folder, logs } = open(dir);
    const [slow, deleted] = [sampleFlowLog(1), sampleFlowLog(2)];
    await mkdir(folder);
    // Whoever opens it waits for a reader.
    const pipe = join(folder, `${slow.id}.log`);
    await promisify(execFile)('mkfifo', [pipe]);
    await logs.setRecords(recordsWith([slow, deleted]));
    card.records.push(sampleFlow({ identity }));
    await pollUntil(() => (card.records.length === 0 ? true : undefined), 'waiting', scope);

    await logs.setRecords(recordsWith([slow]));
    const read = await openFile(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
    await untilTold(logs, 1n);
    await logs[Symbol.asyncDispose]();
    await read.close();

    expect(await readdir(folder)).toEqual([`${slow.id}.log`]);
  });

  it('counts what a full disk loses, says why, and goes on afterwards', async () => {
    await using dir = await createTempDir();
    const { card, folder, logs } = open(dir);
    const flowLog = sampleFlowLog(1);
    await mkdir(folder);
    const path = join(folder, `${flowLog.id}.log`);
    await symlink('/dev/full', path);
    await logs.setRecords(recordsWith([flowLog]));

    card.records.push(sampleFlow({ identity }), sampleFlow({ identity }));
    await untilTold(logs, 2n);
    expect(logs.states()).toEqual([
      { id: flowLog.id, written: 0n, lost: 2n, trouble: expect.stringContaining('ENOSPC') },
    ]);

    await rm(path);
    card.records.push(sampleFlow({ identity }));
    await untilTold(logs, 3n);
    expect(logs.states()).toEqual([{ id: flowLog.id, written: 1n, lost: 2n, trouble: '' }]);
    await logs[Symbol.asyncDispose]();
  });

  it('says so where its folder cannot be', async () => {
    await using dir = await createTempDir();
    const { folder, logs } = open(dir);
    await writeFile(folder, '');

    await expect(logs.setRecords(recordsWith([sampleFlowLog(1)]))).rejects.toThrow('EEXIST');
    await logs[Symbol.asyncDispose]();
  });
});
