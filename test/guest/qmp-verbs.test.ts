// SPDX-License-Identifier: Apache-2.0

// Goal: of all that this QEMU understands, only the reviewed verbs can be asked for (claim D7).
// Method: QEMU itself lists its commands, over a channel of the test's own; the client is asked to
// send each, and must not let a byte through of any that is not on the list.

import { closeSync, openSync } from 'node:fs';
import { Socket } from 'node:net';

import { describe, expect, it } from 'vitest';

import { parseBytes } from '../../src/base/byte-size.ts';
import { deadlineSignal } from '../../src/base/deadline.ts';
import { LineDecoder } from '../../src/base/line-decoder.ts';
import { isObject, type JsonObject, parseArray, parseObject } from '../../src/base/parse.ts';
import { prepareFirmware } from '../../src/controller/firmware.ts';
import { identifyProcess, killProcess } from '../../src/controller/parts/process-identity.ts';
import { loadHostAddon } from '../../src/native/binding.ts';
import { spawnQemu } from '../../src/qemu/detached.ts';
import type { MachineSpec } from '../../src/qemu/machine-spec.ts';
import { loadProfile } from '../../src/qemu/profile.ts';
import { adoptQmp } from '../../src/qemu/qmp-client.ts';
import { type QmpVerb, qmpVerbs } from '../../src/qemu/qmp-commands.ts';
import { detectQemu } from '../../src/qemu/version.ts';
import { createTempDir } from '../unit/temp-dir.ts';

// The reviewed list, written out once more: a verb that is added to the code is added here too.
const reviewed = [
  'chardev-add',
  'chardev-remove',
  'cont',
  'device_add',
  'device_del',
  'netdev_add',
  'netdev_del',
  'qmp_capabilities',
  'query-chardev',
  'query-cpus-fast',
  'query-pci',
  'query-status',
  'quit',
  'stop',
  'system_powerdown',
  'system_reset',
];

/** Asks over the bare channel; the product's client cannot. */
async function ask(stream: Socket, lines: LineDecoder, verb: string): Promise<unknown> {
  const reply = Promise.withResolvers<unknown>();
  const onData = (chunk: Buffer): void => {
    for (const { text } of lines.push(chunk)) {
      const message: unknown = JSON.parse(text);
      if (isObject(message) && 'return' in message) reply.resolve(message['return']);
    }
  };
  stream.on('data', onData);
  stream.write(`${JSON.stringify({ execute: verb })}\n`);
  const value = await reply.promise;
  stream.off('data', onData);
  return value;
}

describe('the QMP client', () => {
  it('sends of all commands of QEMU those of the reviewed list alone', async () => {
    await using dir = await createTempDir();
    const signal = deadlineSignal(120_000);
    const qemu = await detectQemu({ signal });
    const native = loadHostAddon();
    const pairs = ['qmp', 'serial', 'agent'].map(() => native.createSocketPair('stream'));
    const stderrFd = openSync('/dev/null', 'w');
    const name = `argon-verbs-${process.pid}`;
    const spec: MachineSpec = {
      profile: await loadProfile(),
      name,
      accelerator: 'tcg',
      cpuCount: 1,
      memoryBytes: parseBytes('64MiB'),
      boot: await prepareFirmware(dir.path),
      blockDevices: [],
      start: 'held', // No instruction runs.
    };
    const [qmp = -1, serial = -1, agent = -1] = pairs.map(([, theirs]) => theirs);
    const { pid } = await spawnQemu(spec, qemu, {
      signal,
      channels: { qmp, serial, agent },
      stderrFd,
    });
    for (const fd of [qmp, serial, agent, stderrFd]) closeSync(fd);
    const machine = await identifyProcess(pid);
    try {
      const [own = -1, ...others] = pairs.map(([ours]) => ours);
      for (const fd of others) closeSync(fd);
      const stream = new Socket({ fd: own, readable: true, writable: true });
      const lines = new LineDecoder(4 * 1024 * 1024);
      await ask(stream, lines, 'qmp_capabilities');
      const schema = parseArray(await ask(stream, lines, 'query-qmp-schema'), 'the schema');
      const verbs = schema
        .map((entry): JsonObject => parseObject(entry, 'an entry'))
        .filter((entry) => entry['meta-type'] === 'command')
        .map((entry) => String(entry['name']));
      expect(verbs.length).toBeGreaterThan(100);

      const sent: string[] = [];
      await using client = await adoptQmp(stream, {
        signal,
        version: qemu.version,
        onTranscript: ({ direction, line }) => {
          if (direction === 'sent') sent.push(line);
        },
      });
      sent.length = 0;
      const refused: string[] = [];
      for (const verb of verbs) {
        if (reviewed.includes(verb)) continue;
        // As somebody would who goes around the types.
        const command = { verb: verb as QmpVerb, parseReply: () => {} };
        await client.execute(command, { signal }).catch((thrown: unknown) => {
          expect(thrown).toMatchObject({ code: 'permission-denied' });
          refused.push(verb);
        });
      }

      expect(sent).toEqual([]);
      expect(refused).toEqual(verbs.filter((verb) => !reviewed.includes(verb)));
      expect(refused).toContain('human-monitor-command');
      expect([...qmpVerbs]).toEqual(reviewed);
      expect(verbs).toEqual(expect.arrayContaining(reviewed));
    } finally {
      if (machine !== undefined) await killProcess(machine, name);
    }
  });
});
