// SPDX-License-Identifier: Apache-2.0

import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { type HostPaths, locateHost } from '../../../src/base/host-paths.ts';
import { locateStateDir } from '../../../src/base/state-dir.ts';
import { createTempDir } from '../temp-dir.ts';

async function hostAt(path: string): Promise<HostPaths> {
  return locateHost(locateStateDir({ ARGON_STATE: path }, '/'));
}

describe('locateHost()', () => {
  it('has a runtime folder for each state folder, by whatever name it is reached', async () => {
    await using dir = await createTempDir();
    await symlink(join(dir.path, 'a'), join(dir.path, 'link'));
    await mkdir(join(dir.path, 'a'));

    const [a, link, b] = await Promise.all(
      ['a', 'link', 'b'].map(async (name) => hostAt(join(dir.path, name))),
    );

    expect(link?.runtimeDir).toBe(a?.runtimeDir);
    expect(b?.runtimeDir).not.toBe(a?.runtimeDir);
    expect(a?.runtimeDir).toMatch(/^\/tmp\/argon-\d+-[0-9a-f]{12}$/);
  });

  it('keeps every socket path within what a socket can have', async () => {
    await using dir = await createTempDir();

    const host = await hostAt(join(dir.path, 'a'.repeat(200)));

    const instance = 'i-0123456789abcdef0';
    const sockets = [host.managementSocket, host.tenantSocket(instance, 'console')];
    expect(sockets.filter((path) => path.length > 107)).toEqual([]);
  });
});
