// SPDX-License-Identifier: Apache-2.0

import { chmod, mkdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { ensureRuntimeDir, type HostPaths, locateHost } from '../../../src/base/host-paths.ts';
import { locateStateDir } from '../../../src/base/state-dir.ts';
import { createTempDir } from '../temp-dir.ts';

async function hostAt(path: string): Promise<HostPaths> {
  return locateHost(locateStateDir({ ARGON_STATE: path }, '/'));
}

/** A host whose runtime folder goes with the test. */
async function ownHost(stack: AsyncDisposableStack): Promise<HostPaths> {
  const host = await hostAt(join(stack.use(await createTempDir()).path, 'state'));
  stack.defer(async () => rm(host.runtimeDir, { recursive: true, force: true }));
  return host;
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
    const sockets = [host.managementSocket, host.slotSocket(63), host.backplaneSocket];
    sockets.push(host.tenantSocket(instance, 'console'));
    expect(sockets.filter((path) => path.length > 107)).toEqual([]);
  });
});

describe('ensureRuntimeDir()', () => {
  it('makes folders for this user alone, and finds them again', async () => {
    await using stack = new AsyncDisposableStack();
    const host = await ownHost(stack);

    await ensureRuntimeDir(host);
    await ensureRuntimeDir(host);

    for (const name of ['', 'slots', 'tenant']) {
      const status = await stat(join(host.runtimeDir, name));
      expect(status.mode & 0o777).toBe(0o700);
    }
  });

  it('refuses a folder that is open to others', async () => {
    await using stack = new AsyncDisposableStack();
    const host = await ownHost(stack);
    await mkdir(host.runtimeDir);
    await chmod(host.runtimeDir, 0o755);

    await expect(ensureRuntimeDir(host)).rejects.toMatchObject({ code: 'permission-denied' });
  });

  it.each(['file', 'link'])('refuses a %s in its place', async (kind) => {
    await using stack = new AsyncDisposableStack();
    const host = await ownHost(stack);
    if (kind === 'file') await writeFile(host.runtimeDir, '');
    else await symlink('/tmp', host.runtimeDir);

    await expect(ensureRuntimeDir(host)).rejects.toMatchObject({ code: 'permission-denied' });
  });
});
