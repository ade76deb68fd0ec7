// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { addLsCommand } from '../../../src/cli/ls-command.ts';
import { FakeContext, runCommand, untouched } from './fake-context.ts';
import { FakeHostClient } from './host/fake-host-client.ts';

describe('argon ls', () => {
  it('shows the parts, and the kinds of resources there are', async () => {
    const host = new FakeHostClient();
    host.pids = [4711];
    const { name } = host.addVolume({ displayName: 'data' });
    const table = new FakeContext(untouched, { host });
    const names = new FakeContext(untouched, { host, format: 'name' });

    await runCommand(addLsCommand, ['ls'], table);
    await runCommand(addLsCommand, ['ls'], names);

    expect(table.stdout).toMatch(/^VERSION +ENVIRONMENT +STARTED\n1 +test\n\n/);
    expect(table.stdout).toMatch(/\n\nPART +KIND +STATE +PID +RESTARTS\npart-4711 /);
    expect(table.stdout).toMatch(/\n\nVOLUME +NAME/);
    expect(table.stdout).not.toContain('INTERFACE');
    expect(names.stdout).toBe(`${name}\n`);
    expect(table.printed[0]?.value).toMatchObject({
      host: { parts: [{ pid: 4711 }] },
      volumes: [{ display_name: 'data' }],
      instances: [],
    });
  });
});
