// SPDX-License-Identifier: Apache-2.0

// Goal: `argon bench network --guests` gets figures of iperf3 between two real guests, over our
// card and over QEMU's own netdev.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { Argon } from './support/argon.ts';

interface Report {
  readonly results: readonly {
    readonly row: string;
    readonly runs: readonly { readonly name: string; readonly median: { readonly gbps: number } }[];
  }[];
}

describe('argon bench network --guests', () => {
  it('measures our card and the netdev of QEMU', async () => {
    await using argon = await Argon.create();
    const file = join(argon.stateDir, 'guests.json');
    const rows = ['--rows', 'guests-9001', '--runs', '1', '--seconds', '1'];

    await argon.succeed('bench', 'network', '--guests', '--peer', 'qemu', ...rows, '--json', file);

    const { results } = JSON.parse(await readFile(file, 'utf8')) as Report;
    const [result] = results;
    expect(result?.row).toBe('guests-9001');
    expect(result?.runs.map(({ name }) => name)).toEqual(['argon', 'qemu, stream']);
    for (const { median } of result?.runs ?? []) expect(median.gbps).toBeGreaterThan(0);
  });
});
