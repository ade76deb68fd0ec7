// SPDX-License-Identifier: Apache-2.0

// Files of what a network card tells of its traffic: flow logs and captures.

import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

import { ArgonError, codeOfErrno, errnoName } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { HostEnvironment } from '../native/network-watch.ts';
import { interfaceIdentity } from '../network/compile.ts';
import { hostAccount } from '../network/model/records.ts';
import { flowLogHeader, flowLogLine } from './flow-log.ts';
import type { NetworkWatch } from './network-watch.ts';

/** An interface of a card, whose number is its place in a list. */
export interface RecordedInterface {
  readonly id: string;
  /** What files call it. */
  readonly name: string;
}

/** What a file is made of. */
interface Source {
  /** Its first bytes; from then on there is something to take. */
  begin(): Promise<Uint8Array>;
  /** What has come since the last time. */
  take(): Promise<Uint8Array>;
  /** What is left; nothing comes any more. */
  end(): Promise<Uint8Array>;
}

// Half a megabyte of frames may wait in the card.
const takeEveryMs = 200;

/**
 * Logs all interfaces' flows to a file that only its owner reads; one that is there is replaced.
 * What is behind the last whole interval is written when this is disposed.
 * @throws ArgonError not-found, permission-denied … if the file cannot be made.
 */
export async function recordFlows(
  card: NetworkWatch,
  interfaces: readonly RecordedInterface[],
  { path, intervalSeconds }: { readonly path: string; readonly intervalSeconds: 60 | 600 },
  logger: Logger,
): Promise<AsyncDisposable> {
  const names = new Map(
    interfaces.map(({ id, name }) => [interfaceIdentity(id), nameInLine(name)]),
  );
  const take = async (): Promise<Uint8Array> => {
    let text = '';
    for (;;) {
      const records = await card.takeFlowLog();
      if (records.length === 0) return Buffer.from(text);
      for (const record of records) {
        const name = names.get(record.identity) ?? '-';
        text += `${flowLogLine(record, { account: hostAccount, interface: name })}\n`;
      }
    }
  };
  return recordTo(path, logger, {
    async begin() {
      for (const index of interfaces.keys()) await card.startFlowLog(index, intervalSeconds);
      return Buffer.from(`${flowLogHeader()}\n`);
    },
    take,
    async end() {
      for (const index of interfaces.keys()) await card.stopFlowLog(index);
      return take();
    },
  });
}

/**
 * Captures headers of all interfaces to a pcapng file that only its owner reads; one that is there
 * is replaced.
 * @throws ArgonError permission-denied in production; and as recordFlows().
 */
export async function recordCapture(
  card: NetworkWatch,
  interfaces: readonly RecordedInterface[],
  { path, environment }: { readonly path: string; readonly environment: HostEnvironment },
  logger: Logger,
): Promise<AsyncDisposable> {
  const take = async (): Promise<Uint8Array> => {
    const parts: Uint8Array[] = [];
    for (;;) {
      const part = await card.takeCapture();
      if (part.length === 0) return Buffer.concat(parts);
      parts.push(part);
    }
  };
  return recordTo(path, logger, {
    begin: async () =>
      card.startCapture(environment, { names: interfaces.map(({ name }) => name) }),
    take,
    async end() {
      const rest = await take();
      await card.stopCapture();
      return rest;
    },
  });
}

// Fields of a line are parted by blanks.
function nameInLine(name: string): string {
  return name.replaceAll(/\s+/g, '-');
}

async function recordTo(path: string, logger: Logger, source: Source): Promise<AsyncDisposable> {
  // First what may be refused, so that no file is left of it.
  const head = await source.begin();
  const file = await createPrivateFile(path).catch(async (thrown: unknown) => {
    await source.end();
    throw thrown;
  });
  const stop = new AbortController();
  const record = async (): Promise<void> => {
    try {
      await file.appendFile(head);
      while (!stop.signal.aborted) {
        await file.appendFile(await source.take());
        // Ends early, without an error of its own.
        await sleep(takeEveryMs, undefined, { signal: stop.signal }).catch(() => undefined);
      }
    } catch (thrown) {
      logger.error({ err: thrown, file: path }, 'the recording ends here');
      return;
    }
  };
  const recording = record();
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await recording;
      await using ended = file;
      await ended.appendFile(await source.end());
    },
  };
}

/** A file that only its owner reads; one that is there is emptied. @throws ArgonError. */
export async function createPrivateFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'w', 0o600);
  } catch (thrown) {
    const errno = errnoName(thrown);
    throw new ArgonError(codeOfErrno(errno), `${path} cannot be made (${errno ?? 'unknown'})`, {
      cause: thrown,
      hint: 'name a file in a folder that is there and may be written',
    });
  }
}
