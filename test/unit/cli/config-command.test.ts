// SPDX-License-Identifier: Apache-2.0

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { addConfigCommand } from '../../../src/cli/config-command.ts';
import { createTempDir } from '../temp-dir.ts';
import { FakeContext, runCommand } from './fake-context.ts';
import { FakeHostClient } from './host/fake-host-client.ts';

describe('argon config', () => {
  it('dumps a host, and applying the dump changes nothing', async () => {
    await using dir = await createTempDir();
    const host = new FakeHostClient();
    host.addVolume({ displayName: 'data' });
    const file = join(dir.path, 'lab.yaml');

    const dump = new FakeContext(dir.path, { host });
    await runCommand(addConfigCommand, ['config', 'dump'], dump);
    await writeFile(file, dump.stdout);
    const applied = new FakeContext(dir.path, { host });
    await runCommand(addConfigCommand, ['config', 'apply', file], applied);

    expect(parse(dump.stdout)).toEqual({
      volumes: [{ display_name: 'data', size_bytes: 4096, cipher: 'aes-256-xts' }],
    });
    expect(applied.stdout).toBe('nothing to change\n');
    expect(host.changes).toEqual([]);
  });

  it('says what it did, line by line', async () => {
    await using dir = await createTempDir();
    const host = new FakeHostClient();
    const file = join(dir.path, 'lab.yaml');
    await writeFile(file, 'volumes: [{display_name: a, size_bytes: 4096}]\n');

    const context = new FakeContext(dir.path, { host });
    await runCommand(addConfigCommand, ['config', 'apply', file], context);

    expect(context.stdout).toBe('volume a: created\n');
    expect(context.stderr).toContain('volume a: created … ok');
    expect(context.printed[0]?.value).toEqual({ changes: ['volume a: created'] });
  });

  it('notes an uplink of the file that is down, each time', async () => {
    await using dir = await createTempDir();
    const host = new FakeHostClient();
    const file = join(dir.path, 'lab.yaml');
    const uplink = '{tap: outside0, ipv4_cidr: 198.51.100.0/30}';
    await writeFile(
      file,
      `vpcs: [{display_name: lab, ipv4_cidrs: [10.0.0.0/16], uplink: ${uplink}}]\n`,
    );

    for (const word of ['vpc lab: created', 'nothing to change']) {
      const context = new FakeContext(dir.path, { host });
      await runCommand(addConfigCommand, ['config', 'apply', file], context);

      expect(context.stdout).toBe(`${word}\n`);
      expect(context.stderr).toContain('vpc lab: uplink outside0 is down: The network card of');
    }
    const dump = new FakeContext(dir.path, { host });
    await runCommand(addConfigCommand, ['config', 'dump'], dump);
    expect(dump.stdout).not.toContain('conditions');
  });

  it('prints the schema without a host', async () => {
    const context = new FakeContext('/dev/null/state');
    await runCommand(addConfigCommand, ['config', 'schema'], context);

    expect(JSON.parse(context.stdout)).toMatchObject({ title: 'Argon lab', type: 'object' });
  });
});
