// SPDX-License-Identifier: Apache-2.0

// Interfaces as guests of the tiny image set them up.

import { expect } from 'vitest';

import { pollUntil } from '../../../src/base/deadline.ts';
import type { Argon } from './argon.ts';

/** A guest without KVM on two busy cores boots in up to a minute. */
export async function eventually<Value>(
  what: string,
  check: () => Promise<Value | undefined>,
): Promise<Value> {
  const signal = AbortSignal.timeout(300_000);
  return pollUntil(check, `waiting for ${what}`, { signal, intervalMs: 200 });
}

/**
 * Has the newest interface of a guest ask for its address, and for no other. Gives what DHCP said
 * of names.
 */
export async function setUpInterface(
  argon: Argon,
  instance: string,
  address: string,
): Promise<string> {
  const script = `nic=$(ls /sys/class/net | grep -v lo | tail -n 1) &&
    udhcpc -n -q -i "$nic" >/dev/null && ip -4 -o addr show dev "$nic" && cat /etc/resolv.conf`;
  const said = await eventually(`the interface of ${instance}`, async () => {
    const { exitCode, stdout } = await argon.run('exec', instance, '--', script);
    return exitCode === 0 ? stdout : undefined;
  });
  expect(said).toContain(` ${address}/24 `);
  return said;
}
