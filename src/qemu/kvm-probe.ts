// SPDX-License-Identifier: Apache-2.0

// The one question that cannot be answered by looking: does a kernel boot under KVM here? A
// /dev/kvm may open, make virtual machines and run firmware, and still never get a kernel past
// decompression.

import type { Duplex } from 'node:stream';

import { parseBytes } from '../base/byte-size.ts';
import { abortable, type Cancellable } from '../base/deadline.ts';
import { ArgonError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { BootSource } from './machine-spec.ts';
import { type QemuProcess, startQemu } from './process.ts';
import type { MachineProfile } from './profile.ts';
import type { QemuProgram } from './version.ts';

/** A small guest and what its console says when it is up. */
export interface ProbeGuest {
  readonly boot: BootSource & { readonly kind: 'kernel' };
  readonly readyText: string;
}

export interface ProbeOptions {
  readonly qemu: QemuProgram;
  readonly profile: MachineProfile;
  readonly guest: ProbeGuest;
  readonly log: Logger;
  /** Instead of the profile's model. */
  readonly cpuModel?: string;
}

/** Boots a guest on KVM; rejects, with what was seen, if it is not up before the signal ends. */
export type BootProbe = (options: Cancellable) => Promise<void>;

const probeMemory = parseBytes('256MiB'); // Twice what the tiny guest unpacks and needs.
const consoleTailChars = 64 * 1024; // The ready text is looked for in this much; it is one line.

/** A probe that boots `guest` on one virtual CPU. */
export function createKvmProbe(options: ProbeOptions): BootProbe {
  const { profile, guest, qemu, log, cpuModel } = options;
  return async ({ signal }) => {
    await using process = await startQemu(
      {
        profile,
        name: 'kvm-probe',
        accelerator: 'kvm',
        ...(cpuModel === undefined ? {} : { cpuModel }),
        cpuCount: 1,
        memoryBytes: probeMemory,
        boot: guest.boot,
        blockDevices: [],
        start: 'running',
      },
      qemu,
      { signal, log },
    );
    await waitForText(process, guest.readyText, { signal });
  };
}

async function waitForText(
  { serial, exited }: Pick<QemuProcess, 'serial' | 'exited'>,
  text: string,
  { signal }: Cancellable,
): Promise<void> {
  const found = Promise.withResolvers<void>();
  const tail = collectTail(serial, (seen) => {
    if (seen.includes(text)) found.resolve();
  });
  const ended = async (): Promise<never> => {
    await exited;
    throw new ArgonError(
      'aborted',
      `the probe guest ended; its console's last line: ${lastLine()}`,
    );
  };
  const lastLine = (): string => JSON.stringify(lastPrintable(tail()));
  try {
    await abortable(Promise.race([found.promise, ended()]), 'booting a guest on KVM', { signal });
  } catch (thrown) {
    const isLate = thrown instanceof ArgonError && thrown.code === 'deadline-exceeded';
    if (!isLate) throw thrown;
    throw new ArgonError(
      'deadline-exceeded',
      `the probe guest did not come up in time; its console's last line: ${lastLine()}`,
      { cause: thrown },
    );
  }
}

function collectTail(stream: Duplex, onText: (tail: string) => void): () => string {
  let tail = '';
  stream.on('data', (chunk: Buffer) => {
    // untrusted: what the guest prints. Only a bounded end of it is kept.
    tail = (tail + chunk.toString('latin1')).slice(-consoleTailChars);
    onText(tail);
  });
  return () => tail;
}

function lastPrintable(text: string): string {
  const lines = text
    // eslint-disable-next-line no-control-regex -- control characters are what is taken out
    .replaceAll(/\u001b(?:\[[0-9;?=]*[A-Za-z]|.)/g, '')
    .split(/[\r\n]+/)
    .filter((line) => line.trim() !== '');
  return (lines.at(-1) ?? '').slice(0, 120);
}
