// SPDX-License-Identifier: Apache-2.0

// Goal: a host is started, asked and stopped by the commands that users have, and nothing of it is
// left, whatever is killed. Its guests never start here; test/guest has those.

import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { type HostPaths, locateHost } from '../../src/base/host-paths.ts';
import { locateStateDir } from '../../src/base/state-dir.ts';
import {
  type HostProcess,
  listHostProcesses,
  stillAlive,
} from '../../src/cli/host/host-processes.ts';
import { runArgon, startArgon } from './support/argon.ts';
import { type Child, type Ended, eventually, root, startChild } from './support/child.ts';
import { createTempDir } from './support/temp-dir.ts';

/** A state folder whose host is gone with the test. */
class Host implements AsyncDisposable {
  readonly dir: string;
  readonly state: string;
  readonly paths: HostPaths;
  readonly #stack: AsyncDisposableStack;

  constructor(stack: AsyncDisposableStack, dir: string, paths: HostPaths) {
    this.#stack = stack;
    this.dir = dir;
    this.state = join(dir, 'state');
    this.paths = paths;
  }

  static async create(): Promise<Host> {
    await using stack = new AsyncDisposableStack();
    const { path } = stack.use(await createTempDir());
    const stateDir = locateStateDir({ ARGON_STATE: join(path, 'state') }, '/');
    return new Host(stack.move(), path, await locateHost(stateDir));
  }

  async run(...args: readonly string[]): Promise<Ended> {
    return runArgon(args, { state: this.state });
  }

  /** The same, where anything but exit code 0 is a failed test. */
  async succeed(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(...args);
    expect({ args, code, stderr }).toMatchObject({ code: 0 });
    return stdout.trimEnd();
  }

  start(...args: readonly string[]): Child {
    return startArgon(args, { state: this.state });
  }

  async writeLab(text: string): Promise<string> {
    const path = join(this.dir, 'lab.yaml');
    await writeFile(path, text);
    return path;
  }

  async processes(): Promise<readonly HostProcess[]> {
    return listHostProcesses(this.paths);
  }

  async controller(): Promise<HostProcess> {
    const all = await this.processes();
    const found = all.find(({ command }) => command.some((word) => word.endsWith('/main.ts')));
    if (found === undefined) throw new Error('there is no controller');
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.run('down', '--force');
    await rm(this.paths.runtimeDir, { recursive: true, force: true });
    await this.#stack.disposeAsync();
  }
}

async function expectGone(host: Host, before: readonly HostProcess[]): Promise<void> {
  expect(await stillAlive(before)).toEqual([]);
  expect(await host.processes()).toEqual([]);
  expect(existsSync(host.paths.runtimeDir)).toBe(false);
}

describe('argon up and down', () => {
  it('start a host, show it, and leave nothing of it running', async () => {
    await using host = await Host.create();

    const up = await host.succeed('up', '--detach');
    const again = await host.succeed('up', '--detach');
    const parts = JSON.parse(await host.succeed('ls', '-o', 'json')) as {
      readonly host: { readonly parts: readonly { readonly kind: string }[] };
    };
    const before = await host.processes();
    const down = await host.succeed('down');
    const downAgain = await host.succeed('down');

    expect(up).toContain(`it listens on ${host.paths.managementSocket}`);
    expect(again).toBe(up);
    expect(parts.host.parts.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['controller', 'backplane']),
    );
    expect(before.length).toBeGreaterThanOrEqual(2);
    expect(down).toBe('the host is down');
    expect(downAgain).toBe('no host runs here');
    await expectGone(host, before);
  });

  it('bear clients that ask on and on, as argon bench host shows', async () => {
    await using host = await Host.create();
    await host.succeed('up', '--detach');
    const { pid } = await host.controller();

    const report = JSON.parse(
      await host.succeed('bench', 'host', '--clients', '20', '--seconds', '0.1', '-o', 'json'),
    ) as { readonly rows: readonly Readonly<Record<string, number>>[] };

    expect(report.rows).toHaveLength(1);
    // Each client has been answered at least once.
    expect(report.rows[0]?.['calls_per_s']).toBeGreaterThan(0);
    expect(report.rows[0]?.['controller_bytes']).toBeGreaterThan(1_048_576);
    expect(await host.controller()).toMatchObject({ pid });
  });

  it('end an attached host with Ctrl-C', async () => {
    await using host = await Host.create();
    const lab = await host.writeLab('volumes: [{display_name: data, size_bytes: 1MiB}]\n');

    await using up = host.start('up', lab);
    await up.waitFor('stderr', /Ctrl-C stops the host/);
    const before = await host.processes();
    const ended = await up.end('SIGINT');

    expect(ended.stdout).toContain('volume data: created\n');
    expect(ended).toMatchObject({ code: 0 });
    await expectGone(host, before);
  });

  it('end what a killed controller left', async () => {
    await using host = await Host.create();
    await host.succeed('up', '--detach');
    const volume = await host.succeed('volume', 'create', '--size', '1MiB', '-o', 'name');
    const before = await host.processes();
    const { pid } = await host.controller();
    process.kill(pid, 'SIGKILL');
    await eventually(async () => {
      const isThere = (await host.processes()).some((one) => one.pid === pid);
      return isThere ? undefined : true;
    }, 'waiting for the controller to be gone');

    const down = await host.succeed('down');

    expect(down).toBe('the host is down');
    await expectGone(host, before);
    await host.succeed('up', '--detach');
    expect(await host.succeed('volume', 'list', '-o', 'name')).toBe(volume);
  });

  it('say why a controller does not come up', async () => {
    await using host = await Host.create();
    await host.succeed('up', '--detach');
    await host.succeed('down');
    await writeFile(join(host.paths.hostDir, 'registry.db'), 'this is no database');

    const { code, stderr } = await host.run('up', '--detach');

    expect(code).not.toBe(0);
    expect(stderr).toContain('error: the controller ended at its start');
    expect(stderr).toContain(`hint: its log is ${host.paths.controllerLog}`);
    expect(await host.processes()).toEqual([]);
  });

  it('keep two labs on one machine apart', async () => {
    await using first = await Host.create();
    await using second = await Host.create();
    await first.succeed('up', '--detach');
    await second.succeed('up', '--detach');

    await first.succeed('volume', 'create', '--size', '1MiB', '--name', 'data');
    const seen = await second.succeed('volume', 'list', '-o', 'name');
    await first.succeed('down', '--force');

    expect(seen).toBe('');
    expect(await first.processes()).toEqual([]);
    expect(await second.succeed('ls')).toContain('controller');
  });

  it('start one host, however many ask for it at once', async () => {
    await using host = await Host.create();

    const ends = await Promise.all([
      host.run('up', '--detach'),
      host.run('up', '--detach'),
      host.run('up', '--detach'),
    ]);

    expect(ends.map(({ code, stderr }) => ({ code, stderr }))).toMatchObject([
      { code: 0 },
      { code: 0 },
      { code: 0 },
    ]);
    const controllers = (await host.processes()).filter(({ command }) =>
      command.some((word) => word.endsWith('/controller/main.ts')),
    );
    expect(controllers).toHaveLength(1);
  });
});

describe('volumes of a host', () => {
  it('are made, changed, found by any name and deleted through the controller', async () => {
    await using host = await Host.create();
    await host.succeed('up', '--detach');

    const name = await host.succeed('volume', 'create', '--size', '1MiB', '-o', 'name');
    await host.succeed('volume', 'update', name, '--name', 'data');
    await host.succeed('volume', 'resize', 'data', '2MiB');
    await host.succeed('volume', 'limit', 'data', 'iops=100');
    const got = parse(await host.succeed('volume', 'get', 'data', '-o', 'yaml')) as object;
    const called = JSON.parse(
      await host.succeed('call', 'Volumes/GetVolume', `{name: ${name}}`),
    ) as object;
    const missing = await host.run('volume', 'get', 'dtaa');
    await host.succeed('volume', 'delete', 'data');
    const twice = await host.run('volume', 'delete', name);

    expect(name).toMatch(/^volumes\/vol[0-9a-f]{17}$/);
    expect(got).toMatchObject({
      name,
      size_bytes: 2 * 2 ** 20,
      state: 'available',
      limits: { total_operations: { per_second: 100, burst: 10 } },
    });
    expect(called).toEqual(got);
    expect(missing).toMatchObject({ code: 1, stdout: '' });
    expect(missing.stderr).toBe('error: there is no volume "dtaa"\nhint: did you mean "data"?\n');
    expect(twice).toMatchObject({ code: 1, stdout: '' });
  });

  it('are there when they were made before it came up, or are imported beside it', async () => {
    await using host = await Host.create();
    const before = await host.succeed('volume', 'create', '--size', '1MiB', '-o', 'name');
    await host.succeed('up', '--detach');
    const image = join(host.dir, 'image.raw');
    await writeFile(image, Buffer.alloc(8192, 'x'));

    const imported = await host.succeed('volume', 'import', image, '-o', 'name');
    const instance = await host.succeed('instance', 'create', '--image', 'tiny', '-o', 'name');
    // Nobody has listed volumes since.
    const request = `{name: ${imported}, instance: ${instance}}`;
    const attached = await host.succeed('call', 'Volumes/AttachVolume', request);
    await host.succeed('volume', 'attach', before, instance);
    await host.succeed('down');
    await host.succeed('up', '--detach');
    const names = await host.succeed('volume', 'list', '-o', 'name');
    const got = JSON.parse(await host.succeed('volume', 'get', imported, '-o', 'json')) as object;

    expect(JSON.parse(attached)).toMatchObject({ name: imported, source: image });
    expect(names.split('\n').toSorted()).toEqual([before, imported].toSorted());
    expect(got).toMatchObject({ size_bytes: 8192, state: 'in-use', attachment: { instance } });
  });
});

describe('argon config', () => {
  it('brings a host to a lab file, dumps it, and the dump changes nothing', async () => {
    await using host = await Host.create();
    const lab = await host.writeLab(`
host: {limits: {total_operations: {per_second: 1000, burst: 100}}}
volumes:
  - {display_name: data, size_bytes: 1MiB, limits: {read_bytes: {per_second: 1000000}}}
  - {display_name: plain, size_bytes: 2MiB, cipher: none}
instances:
  - {display_name: idle, boot_volume: data, cpu_count: 1, memory_bytes: 256MiB, state: stopped}
`);

    await host.succeed('up', lab, '--detach');
    const dump = await host.succeed('config', 'dump');
    const file = await host.writeLab(`${dump}\n`);
    const applied = await host.succeed('config', 'apply', file);

    expect(applied).toBe('nothing to change');
    const [first = '', ...rest] = dump.split('\n');
    const schema = /^# yaml-language-server: \$schema=(.*)$/.exec(first)?.[1] ?? '';
    expect(JSON.parse(await readFile(schema, 'utf8'))).toMatchObject({ title: 'Argon lab' });
    expect(parse(rest.join('\n'))).toMatchObject({
      host: { limits: { total_operations: { per_second: 1000, burst: 100 } } },
      volumes: expect.arrayContaining([
        expect.objectContaining({ display_name: 'plain', cipher: 'none' }),
      ]) as unknown,
      instances: [{ display_name: 'idle', boot_volume: 'data', cpu_count: 1, state: 'stopped' }],
    });
  });

  it('refuses a wrong file with its line, and starts nothing', async () => {
    await using host = await Host.create();
    const lab = await host.writeLab('volumes:\n  - display_name: a\n    size_byte: 1MiB\n');

    const { code, stderr } = await host.run('up', lab);

    expect(code).toBe(2);
    expect(stderr).toBe(
      `error: ${lab}:3:5: a volume has no field "size_byte"\nhint: did you mean "size_bytes"?\n`,
    );
    expect(await host.processes()).toEqual([]);
  });
});

describe('completion in bash', () => {
  it('knows the resources of the running host', async () => {
    await using host = await Host.create();
    await host.succeed('up', '--detach');
    await host.succeed('volume', 'create', '--size', '1MiB', '--name', 'data');

    const line = `source <(./argon completion bash)
      COMP_WORDS=(./argon volume delete d); COMP_CWORD=3; _argon; echo "\${COMPREPLY[@]}"`;
    await using bash = startChild('bash', ['--norc', '-euo', 'pipefail', '-c', line], {
      cwd: root,
      env: { ARGON_STATE: host.state },
    });

    expect(await bash.waitForEnd()).toMatchObject({ code: 0, stdout: 'data\n', stderr: '' });
  });
});
