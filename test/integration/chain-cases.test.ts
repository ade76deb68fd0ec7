// SPDX-License-Identifier: Apache-2.0

// The catalog of malformed and odd descriptor chains, each against a live `argon serve block`: its
// outcome is what it must be, and the next good request works, on the same ring and on the one
// beside it (native/frontend/chain_cases.h).

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { loadFrontendAddon } from '../../src/native/binding.ts';
import { type Server, serveBlock } from './support/argon.ts';
import { connectFrontend } from './support/frontend.ts';
import { createTempDir, type TempDir } from './support/temp-dir.ts';
import { createVolume } from './support/volumes.ts';

const cases = loadFrontendAddon().listChainCases();

it('has a catalog of chains for every outcome, with names of their own', () => {
  expect(cases.filter(({ expected }) => expected !== 'served').length).toBeGreaterThan(120);
  expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
  expect(new Set(cases.map(({ expected }) => expected))).toEqual(
    new Set(['served', 'refused', 'returned', 'ring-broken', 'any']),
  );
});

// A server for all cases of a store: a device that a case broke would show in the ones after it.
describe.each([
  ['memory', async () => ['--memory', '16MiB']],
  ['memory, encrypted', async () => ['--memory', '16MiB', '--throwaway-key']],
  ['an encrypted volume', async (state: string) => ['--volume', (await createVolume(state)).id]],
] as const)('a device of %s', (_name, flagsOf) => {
  let dir: TempDir;
  let server: Server;

  beforeAll(async () => {
    dir = await createTempDir();
    const flags = [...(await flagsOf(dir.path)), '--queues', '2', '--workers', '2'];
    server = await serveBlock(flags, { state: dir.path });
  });

  afterAll(async () => {
    const end = await server.stop();
    await dir[Symbol.asyncDispose]();
    expect(end).toMatchObject({ code: 0, signal: null });
    expect(end.stderr).not.toContain('check failed');
  });

  it.each(cases)('$expected: $name', async ({ name }) => {
    await using frontend = await connectFrontend(server.socketPath, { queues: 2 });

    await expect(frontend.native.runChainCase(name)).resolves.toBeUndefined();
  });

  it('takes all of them on one connection', async () => {
    await using frontend = await connectFrontend(server.socketPath);

    for (const { name } of cases) await frontend.native.runChainCase(name);

    expect(await frontend.identify()).toMatch(/^vol[0-9a-f]{17}$/);
  });
});
