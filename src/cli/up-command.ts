// SPDX-License-Identifier: Apache-2.0

// `argon up` and `argon down`: a whole host, and a lab on it.

import { geteuid } from 'node:process';

import { type Command, Option } from 'commander';

import { hostEnvironmentType, hostInfoType } from '../api/generated/argon/v1/host.ts';
import { pollUntil } from '../base/deadline.ts';
import { ArgonError } from '../base/errors.ts';
import { type HostPaths, locateHost } from '../base/host-paths.ts';
import { loadHostAddon } from '../native/binding.ts';
import { type HostEnvironment, hostEnvironments } from '../native/network-watch.ts';
import { applyToHost } from './config-command.ts';
import { type CommandContext, withHost } from './context.ts';
import { documentOf, shortEnumValue } from './document/write.ts';
import {
  isControllerAlive,
  type StartControllerOptions,
  startController,
} from './host/controller-process.ts';
import { findHost } from './host/host-connection.ts';
import { listHostProcesses } from './host/host-processes.ts';
import { type ShutDownEnd, shutDownHost } from './host/shut-down.ts';
import { openLab } from './lab/lab-file.ts';

type Run = (work: (context: CommandContext) => Promise<void>) => Promise<void>;

interface UpFlags {
  readonly detach?: true;
  readonly allowUplink?: true;
  readonly environment?: HostEnvironment;
}

const watchIntervalMs = 500; // A person notices that the controller is gone within a second.

export function addUpCommand(program: Command, run: Run): void {
  program
    .command('up')
    .description('start the host of the state folder, and what a lab file says')
    .argument('[lab]', 'a lab file; - is stdin')
    .option('--detach', 'return when it is up, and leave it running')
    .option('--allow-uplink', 'let VPCs have uplinks: TAP devices of this machine; as root')
    .addOption(
      new Option(
        '--environment <name>',
        'what a new host is for, and stays; else production',
      ).choices(hostEnvironments),
    )
    .action(async (lab: string | undefined, flags: UpFlags) =>
      run(async (context) => up(context, lab, flags)),
    );
}

export function addDownCommand(program: Command, run: Run): void {
  program
    .command('down')
    .description('stop the host of the state folder with all its guests; volumes stay')
    .option('--force', "cut the guests' power, and kill what does not end")
    .action(async (flags: { readonly force?: true }) =>
      run(async (context) => {
        const end = await down(context, flags.force === true, context.signal);
        const text = end === 'stopped' ? 'the host is down\n' : 'no host runs here\n';
        await context.print({ was_up: end === 'stopped' }, text);
      }),
    );
}

async function up(
  context: CommandContext,
  labPath: string | undefined,
  { detach, allowUplink, environment }: UpFlags,
): Promise<void> {
  const [isDetached, allowsUplinks] = [detach === true, allowUplink === true];
  if (allowsUplinks) requireRoot();
  // What is wrong with the file is said before anything is started.
  const lab = labPath === undefined ? undefined : await openLab(labPath);
  const paths = await locateHost(context.stateDir);
  const wanted = environment === undefined ? {} : { environment };
  const isOurs = await ensureController(context, paths, { allowsUplinks, ...wanted });
  try {
    if (environment !== undefined) await requireEnvironment(context, environment);
    if (lab !== undefined) {
      await withHost(context, async (client) => applyToHost(context, client, lab));
    }
    await showHost(context, paths);
    if (isDetached) return;
    if (!isOurs) {
      context.stages.note('the host was up before, and stays');
      return;
    }
    context.stages.note('Ctrl-C stops the host');
    await watchController(context, paths);
  } finally {
    // By Ctrl-C, and with a lab that was refused: who started it ends it.
    if (isOurs && !isDetached) await down(context, false, new AbortController().signal);
  }
}

// The card makes the devices, and is whoever starts it.
function requireRoot(): void {
  if (geteuid?.() === 0) return;
  throw new ArgonError('failed-precondition', 'TAP devices of uplinks can be made by root alone', {
    hint: 'run it as root, or without --allow-uplink',
  });
}

// One that is started refuses by itself what it was not before; this is for one that ran.
async function requireEnvironment(
  context: CommandContext,
  environment: HostEnvironment,
): Promise<void> {
  const found = await withHost(context, async (client) => client.call('Host.GetHost', {}, context));
  const name = shortEnumValue(hostEnvironmentType, found.environment);
  if (name === environment) return;
  throw new ArgonError('failed-precondition', `the host of this state folder is for ${name}`, {
    hint: `give a ${environment} host a state folder of its own: $ARGON_STATE`,
  });
}

/** False if one ran already, as whoever started it wanted it. */
async function ensureController(
  context: CommandContext,
  paths: HostPaths,
  options: Pick<StartControllerOptions, 'allowsUplinks' | 'environment'>,
): Promise<boolean> {
  const host = loadHostAddon();
  if (isControllerAlive(paths, host)) {
    if (options.allowsUplinks === true) {
      context.stages.note('the host runs already; --allow-uplink is for one that is started');
    }
    return false;
  }
  context.stages.step('controller');
  try {
    const { stateDir, signal } = context;
    const pid = await startController({ stateDir, paths, host, signal, ...options });
    context.stages.ok(pid === undefined ? 'another command started it' : `pid ${pid}`);
    return pid !== undefined;
  } catch (thrown) {
    context.stages.failed();
    throw thrown;
  }
}

async function showHost(context: CommandContext, paths: HostPaths): Promise<void> {
  await withHost(context, async (client) => {
    const host = await client.call('Host.GetHost', {}, context);
    const names = host.parts.map(({ id }) => id).join(', ');
    const environment = shortEnumValue(hostEnvironmentType, host.environment);
    await context.print(
      { ...documentOf(hostInfoType, host), management_socket: paths.managementSocket },
      `the host is up for ${environment} (${names}); it listens on ${paths.managementSocket}\n`,
    );
  });
}

// Returns when the user ends it, or when another command has stopped the host.
async function watchController(context: CommandContext, paths: HostPaths): Promise<void> {
  const { signal } = context;
  const host = loadHostAddon();
  await pollUntil(
    () => (signal.aborted || !isControllerAlive(paths, host) ? true : undefined),
    'watching the controller',
    { signal: new AbortController().signal, intervalMs: watchIntervalMs },
  );
  if (signal.aborted || (await listHostProcesses(paths)).length === 0) return;
  throw new ArgonError('unavailable', 'the controller was killed', {
    hint: `see ${paths.controllerLog}; the rest of the host is stopped now`,
  });
}

async function down(
  { stateDir, stages }: CommandContext,
  isForced: boolean,
  signal: AbortSignal,
): Promise<ShutDownEnd> {
  return shutDownHost({
    stateDir,
    stages,
    signal,
    isForced,
    findHost: async () => findHost(stateDir, { signal }),
    startController: async (paths) => {
      await startController({ stateDir, paths, host: loadHostAddon(), signal });
    },
  });
}
