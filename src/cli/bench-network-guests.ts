// SPDX-License-Identifier: Apache-2.0

// The guests of `argon bench network --guests`: two of the image tiny, without volumes.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { parseBytes } from '../base/byte-size.ts';
import { createLogger } from '../base/log.ts';
import { findAccelerator, kernelSource } from '../controller/boot.ts';
import type { NetBenchOutcome } from '../harness/network/bench.ts';
import { benchNetworkGuests, type NetGuestBenchOptions } from '../harness/network/guest-bench.ts';
import { startNetGuestPair } from '../harness/network/guest-pair.ts';
import { loadProfile } from '../qemu/profile.ts';
import { detectQemu } from '../qemu/version.ts';
import type { CommandContext } from './context.ts';
import { ensureTiny } from './run/boot-plan.ts';

// The largest buffers of a ring for each back end that is measured, and the image.
const memoryBytes = parseBytes('512MiB');
const mtu = 9001;

/** Starts the guests, measures, and says what ran where. */
export async function benchBetweenGuests(
  { stages, signal, stateDir }: CommandContext,
  options: Omit<NetGuestBenchOptions, 'pair' | 'streamPath'>,
): Promise<NetBenchOutcome & { readonly placement: string }> {
  await using stack = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), 'argon-guests-'));
  stack.defer(async () => rm(dir, { recursive: true, force: true }));
  const log = createLogger('bench', 'silent');
  const boot = kernelSource(await ensureTiny(stateDir, { stages, signal }));
  const qemu = await detectQemu({ signal });
  const profile = await loadProfile();
  const { accelerator } = await findAccelerator({ stateDir, qemu, profile, log, signal });
  stages.step(`two guests on ${accelerator}`);
  const pair = stack.use(
    await startNetGuestPair({
      qemu,
      profile,
      accelerator,
      boot,
      cpuCount: 1,
      memoryBytes,
      mtu,
      consoleLogs: [join(dir, 'source.log'), join(dir, 'target.log')],
      log,
      signal,
    }),
  );
  const outcome = await benchNetworkGuests({ ...options, pair, streamPath: join(dir, 'stream') });
  return {
    ...outcome,
    placement:
      `two guests on ${accelerator} with a CPU each, on any CPU of the host; ` +
      `back ends on CPU ${options.backendCpu}, one at a time`,
  };
}
