// SPDX-License-Identifier: Apache-2.0

// Goal: the commands that the README and the tour show work as they are written, one line after the
// other in a shell, and leave nothing running.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { locateHost } from '../../src/base/host-paths.ts';
import { locateStateDir } from '../../src/base/state-dir.ts';
import { countInFile } from '../../src/cli/file-search.ts';
import { listHostProcesses } from '../../src/cli/host/host-processes.ts';
import { Argon } from './support/argon.ts';

const checkout = fileURLToPath(new URL('../..', import.meta.url));

const script = String.raw`
./argon up --detach                                   # or: ./argon up lab.yaml
v=$(./argon volume create --size 256MiB -o name)      # volumes/vol0123456789abcdef0
i=$(./argon instance create --image tiny --start -o name)
./argon volume attach $v $i && ./argon exec $i -- 'cat /sys/block/vd*/serial'
./argon volume resize $v --size 512MiB && ./argon top --once
./argon volume detach $v && ./argon instance stop $i && ./argon down
`;

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a script in a shell that stops at the first line that fails. */
async function runScript(source: string, stateDir: string): Promise<Ran> {
  const child = spawn('bash', ['-e', '-c', source], {
    cwd: checkout,
    env: { ...process.env, ARGON_STATE: stateDir },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = Promise.withResolvers<number | null>();
  child.on('error', ended.reject).on('close', ended.resolve);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await ended.promise, stdout, stderr };
}

const lab = `
volumes:
  - display_name: data
    size_bytes: 64MiB
    limits: {total_bytes: {per_second: 104857600}}
    attachment: {instance: web}
instances:
  - {display_name: web, image: tiny, state: running}
faults:
  - {volume: data, layer: device, operations: [discard], action: error}
`;

// The volume that it boots from is made of the image, and encrypted.
const debianLab = `
volumes:
  - {display_name: data, size_bytes: 64MiB, attachment: {instance: web, read_only: true}}
instances:
  - {display_name: web, image: debian, state: running}
`;

describe('a host', () => {
  it('boots Debian of a lab file from an encrypted volume', async () => {
    await using argon = await Argon.create();
    const file = join(argon.stateDir, 'lab.yaml');
    try {
      await writeFile(file, debianLab);
      await argon.succeed('up', file, '--detach');
      const inGuest = async (line: string): Promise<string> =>
        argon.succeed('exec', 'web', '--', line);
      const release = await inGuest('cat /etc/os-release');
      const root = await inGuest('findmnt -no SOURCE / | cut -c6-8');
      const serials = await inGuest('head -c 20 -q /sys/block/vd*/serial | fold -w 20');
      const boot = await inGuest(`cat /sys/block/${root}/serial`);
      const applied = await argon.succeed('config', 'apply', file);
      const bootVolume: unknown = JSON.parse(
        await argon.succeed('-o', 'json', 'volume', 'get', boot),
      );

      expect(release).toContain('VERSION_ID="12"');
      expect(serials.split('\n').toSorted()).toEqual((await argon.volumes()).toSorted());
      expect(bootVolume).toMatchObject({ source: 'debian', cipher: 'aes-256-xts' });
      expect(applied).toBe('nothing to change');
      await argon.succeed('instance', 'stop', 'web');
      expect(await countInFile(argon.dataFile(boot), Buffer.from('Debian GNU/Linux'))).toBe(0);
    } finally {
      await argon.run('down', '--force');
    }
  });

  it('is brought to a lab file, whose guest has its volume from the start', async () => {
    await using argon = await Argon.create();
    const file = join(argon.stateDir, 'lab.yaml');
    try {
      await writeFile(file, lab);
      await argon.succeed('up', file, '--detach');
      const serial = await argon.succeed('exec', 'web', '--', 'cat /sys/block/vda/serial');
      await writeFile(file, await argon.succeed('config', 'dump'));
      const applied = await argon.succeed('config', 'apply', file);
      const faults = await argon.succeed('fault', 'list');

      expect(await argon.volumes()).toEqual([serial]);
      expect(applied).toBe('nothing to change');
      expect(faults).toMatch(/error:op=discard +0 +0$/);
    } finally {
      await argon.run('down', '--force');
    }
  });

  it('does what the script says, line by line, and leaves nothing running', async () => {
    await using argon = await Argon.create();
    const paths = await locateHost(locateStateDir({ ARGON_STATE: argon.stateDir }, '/'));
    try {
      const { code, stdout, stderr } = await runScript(script, argon.stateDir);

      expect(stderr).not.toContain('error:');
      expect({ code, stderr }).toMatchObject({ code: 0 });
      const [id = ''] = await argon.volumes();
      const lines = stdout.trimEnd().split('\n');
      expect(lines[0]).toMatch(
        /^the host is up for production \(.*\); it listens on .*management\.sock$/,
      );
      expect(lines[1]).toMatch(
        new RegExp(`^volumes/${id} is attached to instances/i-[0-9a-f]{17} in slot \\d+;`),
      );
      expect(lines[2]).toContain(id);
      expect(stdout).toContain(`volumes/${id} has 512.0 MiB`);
      expect(stdout).toMatch(new RegExp(`VOLUME +INSTANCE .*\n(?:.*\n)*${id} +i-[0-9a-f]{17} `));
      expect(stdout).toContain(`volumes/${id} is detached\n`);
      expect(lines.at(-2)).toMatch(/^instances\/i-[0-9a-f]{17} is stopped$/);
      expect(lines.at(-1)).toBe('the host is down');
      expect(await listHostProcesses(paths)).toEqual([]);
      expect(existsSync(paths.runtimeDir)).toBe(false);
    } finally {
      await argon.run('down', '--force');
    }
  });
});
