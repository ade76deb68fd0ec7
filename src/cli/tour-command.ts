// SPDX-License-Identifier: Apache-2.0

// `argon tour`, which `npm start` runs: boots Debian from an encrypted volume and shows what that
// means, shows a whole host beside it, then gives the guest's console to a terminal, or powers the
// guest off.

import { randomBytes } from 'node:crypto';

import type { Command } from 'commander';

import { formatBytes } from '../base/byte-size.ts';
import type { Cancellable } from '../base/deadline.ts';
import { ArgonError } from '../base/errors.ts';
import { parseFioResult } from '../guest/fio-result.ts';
import type { Accelerator } from '../qemu/profile.ts';
import type { CommandContext } from './context.ts';
import { countInFile, firstBytes } from './file-search.ts';
import { runHostTour } from './host-tour.ts';
import { writeAll } from './output.ts';
import type { GuestSession } from './run/guest-session.ts';
import { type PreparedRun, prepareRun } from './run/prepare-run.ts';
import { parseRunFlags } from './run/run-flags.ts';
import { createRunFolder } from './run/run-folder.ts';
import { withGuest } from './run/run-guest.ts';
import { joinConsole } from './run/terminal.ts';

type Run = (work: (context: CommandContext) => Promise<void>) => Promise<void>;

export function addTourCommand(program: Command, run: Run): void {
  program
    .command('tour')
    .description('boot Debian from an encrypted volume, run a host, and show what that means')
    .option('--accel <choice>', 'auto, kvm or tcg', 'auto')
    .action(async (flags: { readonly accel: string }) =>
      run(async (context) => tour(context, flags.accel)),
    );
}

async function tour(context: CommandContext, accel: string): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const folder = await createRunFolder(context.stateDir);
  const request = parseRunFlags({ image: 'debian', volume: ['size=64MiB'], cpus: '2', accel }, []);
  const prepared = await prepareRun(request, context, folder, stack);
  const { signal } = context;
  await withGuest({ context, prepared, folder, signal }, async (guest) => {
    const guide = new Guide({
      guest,
      bootFile: dataPath(prepared, 0),
      dataFile: dataPath(prepared, 1),
      accelerator: prepared.accelerator.accelerator,
      say,
      signal,
    });
    await guide.showDisks();
    await guide.showMarker();
    await guide.showSpeed();
    const onProgress = (line: string): void => {
      context.stages.note(`  ${line}`);
    };
    await runHostTour(context.stateDir, { say, onProgress, signal });
    if (process.stdin.isTTY) {
      await say('\nThe guest is yours: root, no password.\n');
      await joinConsole(guest, context);
    }
  });
}

async function say(text: string): Promise<void> {
  await writeAll(process.stdout, text);
}

function dataPath(prepared: PreparedRun, index: number): string {
  const store = prepared.plan.volumes[index]?.store;
  if (store?.kind !== 'file') throw new TypeError('the tour has no such volume');
  return store.path;
}

export interface GuideOptions extends Cancellable {
  readonly guest: Pick<GuestSession, 'exec'>;
  /** The backing file of the volume that the guest booted from. */
  readonly bootFile: string;
  /** That of the volume it has as /dev/vdb. */
  readonly dataFile: string;
  readonly accelerator: Accelerator;
  readonly say: (text: string) => Promise<void>;
}

/** Shows a running guest around, stop by stop; a stop that shows a breach of a promise fails. */
export class Guide {
  readonly #options: GuideOptions;

  constructor(options: GuideOptions) {
    this.#options = options;
  }

  async showDisks(): Promise<void> {
    const disks = await this.#inGuest('lsblk -o NAME,SIZE,FSTYPE,SERIAL,MOUNTPOINT');
    await this.#say(
      "\n1. What the guest sees: virtio disks whose serial number is the volume's id.\n\n",
    );
    await this.#say(indent(disks));
  }

  async showMarker(): Promise<void> {
    const { bootFile, dataFile } = this.#options;
    const marker = `ARGON-${randomBytes(12).toString('hex').toUpperCase()}`;
    const seen = await this.#inGuest(
      `printf ${marker} | dd of=/dev/vdb conv=fsync status=none && ` +
        `echo 3 > /proc/sys/vm/drop_caches && ` +
        `{ head -c 4096 /dev/vdb | grep -a -c ${marker} || true; }`,
    );
    const found = await countInFile(dataFile, Buffer.from(marker));
    await this.#say(`\n2. The guest writes ${marker} to /dev/vdb and reads it back.\n\n`);
    await this.#say(indent(`times found in the guest's disk:   ${seen}`));
    await this.#say(indent(`times found in the backing file:   ${found}`));
    await this.#say(
      indent(`the file begins with               ${await firstBytes(dataFile, 16)} …`),
    );
    const word = 'Debian GNU/Linux';
    const inVolume = await countInFile(bootFile, Buffer.from(word));
    await this.#say(indent(`"${word}" in the file it booted from: ${inVolume} times`));
    if (seen !== '1') {
      throw new ArgonError('data-loss', 'the guest does not read back what it wrote');
    }
    if (found !== 0 || inVolume !== 0) {
      throw new ArgonError('internal', 'plaintext of the guest is in a backing file');
    }
  }

  async showSpeed(): Promise<void> {
    const output = await this.#inGuest(
      'fio --name=tour --filename=/dev/vdb --direct=1 --ioengine=libaio --iodepth=16 --bs=4k ' +
        '--rw=randrw --time_based --runtime=3 --output-format=json',
    );
    const { read, write } = parseFioResult(output);
    await this.#say(
      '\n3. fio in the guest: 4 KiB random reads and writes at depth 16, encrypted.\n\n',
    );
    for (const [name, part] of [['read', read] as const, ['write', write] as const]) {
      if (part === undefined) continue;
      const speed = `${Math.round(part.iops)} IOPS, ${formatBytes(part.bytesPerS)}/s`;
      const p99Ns = part.latencyNs?.p99 ?? 0;
      await this.#say(indent(`${name.padEnd(6)} ${speed}, p99 ${Math.round(p99Ns / 1000)} us`));
    }
    if (this.#options.accelerator === 'tcg') {
      await this.#say(indent('This guest runs without KVM: the figures are its own, not those of'));
      await this.#say(indent('the back end. "argon bench block" measures that.'));
    }
  }

  async #say(text: string): Promise<void> {
    await this.#options.say(text);
  }

  async #inGuest(command: string): Promise<string> {
    const { guest, signal } = this.#options;
    const { exitCode, stdout, stderr } = await guest.exec(command, { signal });
    if (exitCode !== 0) {
      throw new ArgonError('internal', `in the guest: ${stderr.toString('utf8').trim()}`);
    }
    return stdout.toString('utf8').trimEnd();
  }
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `   ${line}\n`)
    .join('');
}
