// SPDX-License-Identifier: Apache-2.0

// The program of a controller. `$ARGON_STATE` names its state folder; one controller has it at a
// time, by the lock `host/lock`. With `--cards=per-instance` each guest has a card of its own; with
// `--allow-uplink` VPCs may have uplinks; `--environment=test` makes a new host one for tests. It
// writes "ready" to stdout when it listens. SIGTERM and the method Host.ShutDown end guests, cards
// and backplane, in this order, and then the controller.

import { join } from 'node:path';

import { deadlineSignal } from '../base/deadline.ts';
import { ArgonError } from '../base/errors.ts';
import { createLogger } from '../base/log.ts';
import { parseChoice } from '../base/parse.ts';
import { ensureStateSubdir, locateStateDir, type StateDir } from '../base/state-dir.ts';
import { lockFile } from '../image/file-lock.ts';
import { loadHostAddon } from '../native/binding.ts';
import { type HostEnvironment, hostEnvironments } from '../native/network-watch.ts';
import { guardProcess } from '../native/process-guard.ts';
import { type Controller, startController } from './controller.ts';
import { startManagementServer } from './management/server.ts';
import type { CardSharing } from './parts/device-host.ts';

// Adopting many guests, some of which have to be started again.
const startTimeoutMs = 300_000;
// The lock of a controller that was killed is free a moment later.
const lockTimeoutMs = 10_000;

const allowUplinkFlag = '--allow-uplink';
const environmentFlag = '--environment=';

async function takeHost(stateDir: StateDir): Promise<AsyncDisposable> {
  const path = join(await ensureStateSubdir(stateDir, 'host'), 'lock');
  try {
    return await lockFile(path, { signal: deadlineSignal(lockTimeoutMs), onWait: () => {} });
  } catch (cause) {
    throw new ArgonError('failed-precondition', `another controller has ${stateDir}`, {
      cause,
      hint: 'argon down ends it',
    });
  }
}

function cardSharing(args: readonly string[]): CardSharing {
  return args.includes('--cards=per-instance') ? 'instance' : 'host';
}

function askedEnvironment(args: readonly string[]): HostEnvironment | undefined {
  const flag = args.find((arg) => arg.startsWith(environmentFlag));
  if (flag === undefined) return undefined;
  return parseChoice(flag.slice(environmentFlag.length), environmentFlag, hostEnvironments);
}

async function backplaneEnd({ lost }: Controller): Promise<never> {
  await lost;
  throw new ArgonError('unavailable', 'the backplane has ended, and no other can be started', {
    hint: 'argon up starts the host again; guests that ran are in error then',
  });
}

async function serve(): Promise<void> {
  const ending = Promise.withResolvers<void>();
  process.on('SIGTERM', () => {
    ending.resolve();
  });
  // What a terminal sends is for whoever is attached to it.
  for (const name of ['SIGINT', 'SIGHUP', 'SIGPIPE'] as const) process.on(name, () => {});
  process.stdout.on('error', () => {}); // Whoever started this may be gone.
  const stateDir = locateStateDir(process.env, process.cwd());
  await using stack = new AsyncDisposableStack();
  stack.use(await takeHost(stateDir));
  const native = loadHostAddon();
  guardProcess(native);
  const log = createLogger('controller', 'info', join(stateDir, 'host', 'controller.log'));
  try {
    const signal = deadlineSignal(startTimeoutMs);
    const sharing = cardSharing(process.argv);
    const allowsUplinks = process.argv.includes(allowUplinkFlag);
    const asked = askedEnvironment(process.argv);
    const environment = asked === undefined ? {} : { environment: asked };
    const options = { stateDir, native, log, signal, sharing, allowsUplinks, ...environment };
    const controller = stack.use(await startController(options));
    const server = stack.use(
      await startManagementServer({
        socketPath: join(controller.runtimeDir, 'management.sock'),
        handlers: controller.handlers(),
        log,
        host: native,
      }),
    );
    process.stdout.write('ready\n');
    log.info({ stateDir, runtimeDir: controller.runtimeDir }, 'the controller listens');
    await Promise.race([ending.promise, controller.ended, backplaneEnd(controller)]);
    await controller.shutDown({ timeoutMs: 0, isForced: false });
    await server[Symbol.asyncDispose](); // The answer to ShutDown is on its way.
    await controller.endBackplane();
    log.info('the host is down');
  } catch (thrown) {
    log.fatal({ err: thrown }, 'the controller ends');
    throw thrown;
  }
}

try {
  await serve();
} catch (thrown) {
  const { message, hint } = ArgonError.from(thrown);
  process.stderr.write(`argon: ${message}\n${hint === undefined ? '' : `hint: ${hint}\n`}`);
  process.exitCode = 1;
}
