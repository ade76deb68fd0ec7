// SPDX-License-Identifier: Apache-2.0

// What guests and cards need of a host. Looking is kept apart from judging what was seen.

import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { arch, cpus, freemem, platform, release } from 'node:os';

import { formatBytes } from '../base/byte-size.ts';
import { ensureStateSubdir } from '../base/state-dir.ts';
import { run } from '../base/subprocess.ts';
import type { HostInspection } from '../native/addons.ts';
import { loadBlockAddon, loadFrontendAddon, loadHostAddon } from '../native/binding.ts';
import { native } from '../native/error-kind.ts';
import { type AcceleratorAnswer, briefReason, recallAccelerator } from '../qemu/accelerator.ts';
import { detectQemu, formatVersion } from '../qemu/version.ts';
import type { CommandContext } from './context.ts';

/** `missing`: guests or cards cannot run. `note`: they can, with a limit worth knowing. */
export interface Verdict {
  readonly status: 'ok' | 'note' | 'missing';
  readonly detail: string;
  readonly hint?: string;
}

/** What is looked at, and how. A look that throws found something missing. */
export type Check = readonly [name: string, look: () => Promise<Verdict>];

/** Everything that `argon doctor` looks at. */
export function hostChecks({
  stateDir,
  signal,
}: Pick<CommandContext, 'stateDir' | 'signal'>): readonly Check[] {
  const inspect = async (): Promise<HostInspection> =>
    native(loadHostAddon().inspectHost(await ensureStateSubdir(stateDir)));
  return [
    ['host', async () => judgeHost(lookAtHost())],
    ['node', async () => ok(`${process.versions.node}, OpenSSL ${process.versions.openssl}`)],
    ['addons', async () => ok(describeAddons())],
    ['state folder', async () => judgeSpace(await lookAtSpace(await ensureStateSubdir(stateDir)))],
    ['io_uring', async () => judgeUring(await inspect())],
    ['key memory', async () => judgeKeyMemory(await inspect())],
    ['storage', async () => judgeStorage(await inspect())],
    ['qemu', async () => ok(formatVersion((await detectQemu({ signal })).version))],
    ['firmware', async () => judgeFirmware(firmwarePath, existsSync(firmwarePath))],
    [
      'image tools',
      async () => {
        const version = await run('mmdebstrap', ['--version'], { signal });
        return judgeImageTools(version, process.getuid?.() === 0);
      },
    ],
    [
      'accelerator',
      async () => {
        const qemu = await detectQemu({ signal }).catch(() => undefined);
        // The look at QEMU has said why.
        if (qemu === undefined) return note('not known without QEMU');
        return judgeAccelerator(await recallAccelerator({ stateDir, qemu }));
      },
    ],
  ];
}

const firmwarePath = '/usr/share/OVMF/OVMF_CODE_4M.fd';
// The Debian image, its packages and one volume.
const wantedBytes = 4 * 2 ** 30;

export interface HostFacts {
  readonly platform: string;
  readonly arch: string;
  readonly kernel: string;
  readonly cpuCount: number;
  readonly freeMemoryBytes: number;
}

function lookAtHost(): HostFacts {
  return {
    platform: platform(),
    arch: arch(),
    kernel: release(),
    cpuCount: cpus().length,
    freeMemoryBytes: freemem(),
  };
}

export function judgeHost(facts: HostFacts): Verdict {
  const { cpuCount } = facts;
  const detail =
    `${facts.platform} ${facts.kernel} on ${facts.arch}, ${cpuCount} CPUs, ` +
    `${formatBytes(facts.freeMemoryBytes)} free`;
  if (facts.platform !== 'linux' || facts.arch !== 'x64') {
    return { status: 'missing', detail, hint: 'Argon runs on Linux on x86-64' };
  }
  return cpuCount < 2 ? note(detail, 'guest and card share one CPU') : ok(detail);
}

function describeAddons(): string {
  const addons = [loadBlockAddon(), loadHostAddon(), loadFrontendAddon()];
  return `${addons.length} loaded, ${addons[0]?.abiVersion ?? ''}`;
}

export interface SpaceFacts {
  readonly path: string;
  readonly freeBytes: number;
}

async function lookAtSpace(path: string): Promise<SpaceFacts> {
  const { bavail, bsize } = await statfs(path);
  return { path, freeBytes: bavail * bsize };
}

export function judgeSpace({ path, freeBytes }: SpaceFacts): Verdict {
  const detail = `${path}, ${formatBytes(freeBytes)} free`;
  return freeBytes < wantedBytes ? note(detail, 'images and volumes want 4 GiB') : ok(detail);
}

export function judgeUring({ uringProblem }: Pick<HostInspection, 'uringProblem'>): Verdict {
  if (uringProblem === '') return ok('can be made');
  return {
    status: 'missing',
    detail: uringProblem,
    hint: 'see the sysctl kernel.io_uring_disabled, and what runs this container',
  };
}

export function judgeKeyMemory({
  hasSecretMemory,
}: Pick<HostInspection, 'hasSecretMemory'>): Verdict {
  return hasSecretMemory
    ? ok('memfd_secret')
    : note('locked memory', 'the kernel has no memfd_secret; keys are in locked pages instead');
}

export function judgeStorage({ storage }: Pick<HostInspection, 'storage'>): Verdict {
  return storage === 'O_DIRECT'
    ? ok(storage)
    : note(storage, 'volumes on this file system go through the page cache');
}

export function judgeFirmware(path: string, isThere: boolean): Verdict {
  return isThere
    ? ok(path)
    : { status: 'missing', detail: `${path} is not there`, hint: 'run ./setup' };
}

export function judgeImageTools(version: string, isRoot: boolean): Verdict {
  const detail = version.trim();
  return isRoot ? ok(detail) : note(detail, 'building the debian image needs root');
}

export function judgeAccelerator(answer: AcceleratorAnswer | undefined): Verdict {
  if (answer === undefined) return note('not known yet: the first argon run probes KVM');
  const detail = `${answer.accelerator}: ${briefReason(answer)}`;
  return answer.accelerator === 'kvm' ? ok(detail) : note(detail, 'guests will be slow');
}

function ok(detail: string): Verdict {
  return { status: 'ok', detail };
}

function note(detail: string, hint?: string): Verdict {
  return { status: 'note', detail, ...(hint === undefined ? {} : { hint }) };
}
