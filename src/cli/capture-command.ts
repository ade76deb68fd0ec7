// SPDX-License-Identifier: Apache-2.0

// `argon capture`: the headers of what a guest sends and gets, on a host for tests.

import { setTimeout as sleep } from 'node:timers/promises';

import type { Command } from 'commander';

import {
  type Capture,
  captureEndReasonType,
  captureType,
} from '../api/generated/argon/v1/captures.ts';
import { deadlineSignal } from '../base/deadline.ts';
import { ArgonError } from '../base/errors.ts';
import { parseInteger } from '../base/parse.ts';
import { createPrivateFile } from '../card/recording.ts';
import { type CommandContext, withHost } from './context.ts';
import { documentOf, shortEnumValue } from './document/write.ts';
import { type CapturedFrame, CapturedFrames } from './host/captured-frames.ts';
import { frameText } from './host/frame-text.ts';
import type { HostClient } from './host/host-client.ts';
import { resolveName } from './host/resources.ts';
import { writeAll } from './output.ts';

type Run = (work: (context: CommandContext) => Promise<void>) => Promise<void>;

interface CaptureFlags {
  readonly count?: string;
  readonly seconds?: string;
  readonly write?: string;
}

/** Where what is captured goes. */
interface Sink extends AsyncDisposable {
  write(bytes: Uint8Array): Promise<void>;
  /** Says what there is when all has been written. */
  end(capture: Capture): Promise<void>;
}

// A person sees frames soon after they passed, and a host that is asked does little for it.
const readEveryMs = 250;
const callTimeoutMs = 30_000;
const framesMax = 1_000_000;
const secondsMax = 3_600;
const standardOutput = '-';

export function addCaptureCommand(program: Command, run: Run): void {
  program
    .command('capture <interface>')
    .description('show headers of what a guest sends and gets; on a host for tests')
    .option('--count <n>', 'end with so many frames')
    .option('--seconds <n>', 'end after so long, at most an hour')
    .option('--write <file>', 'write them as pcapng instead; - is stdout')
    .addHelpText(
      'after',
      `
Ctrl-C ends it, and what was captured is written. A frame is captured as far as its headers go and
no byte further, and a host in production captures none. A host has one capture at a time, of
16 MiB at most.

Examples:
  argon up --environment test
  argon capture web-0 --count 10
  argon capture web-0 --seconds 60 --write headers.pcapng
`,
    )
    .action(async (text: string, flags: CaptureFlags) =>
      run(async (context) =>
        withHost(context, async (client) => capture(context, client, text, flags)),
      ),
    );
}

async function capture(
  context: CommandContext,
  client: HostClient,
  text: string,
  { count, seconds, write }: CaptureFlags,
): Promise<void> {
  const bounds = {
    framesMax: count === undefined ? 0 : parseInteger(count, '--count', { min: 1, max: framesMax }),
    secondsMax:
      seconds === undefined ? 0 : parseInteger(seconds, '--seconds', { min: 1, max: secondsMax }),
  };
  const target = await resolveName(client, 'interface', text, context);
  const request = { interface: target, ...bounds };
  const { name } = await client.call('Captures.StartCapture', request, context);
  let ended: Capture | undefined;
  try {
    await using sink = await openSink(context, write);
    ended = await follow(context, client, name, sink);
    await sink.end(ended);
  } finally {
    // A file that cannot be written, or a host that cannot be asked: the latter ends it by itself.
    if (ended === undefined) await stop(client, name).catch(() => {});
  }
  requireWhole(ended);
}

/** Reads until the capture has ended and all of it was read; with the signal, ends it. */
async function follow(
  { signal }: CommandContext,
  client: HostClient,
  name: string,
  sink: Sink,
): Promise<Capture> {
  let offset = 0;
  let hasStopped = false;
  for (;;) {
    // `| head` has seen enough, too.
    const isEnough = signal.aborted || process.stdout.destroyed;
    if (isEnough && !hasStopped) {
      await stop(client, name);
      hasStopped = true;
    }
    const scope = { signal: deadlineSignal(callTimeoutMs) };
    const answer = await client.call('Captures.ReadCapture', { name, offset }, scope);
    const { capture: state, data } = answer;
    await sink.write(data);
    offset += data.length;
    if (data.length > 0) continue;
    if (state?.state === 'CAPTURE_STATE_ENDED') return state;
    await sleep(readEveryMs, undefined, { signal }).catch(() => undefined);
  }
}

async function stop(client: HostClient, name: string): Promise<void> {
  await client.call('Captures.StopCapture', { name }, { signal: deadlineSignal(callTimeoutMs) });
}

async function openSink(context: CommandContext, path: string | undefined): Promise<Sink> {
  if (path === undefined) return screenSink(context);
  if (path !== standardOutput) return fileSink(context, path);
  return {
    write: async (bytes) => writeAll(process.stdout, bytes),
    end: async (state) => {
      context.stages.note(summaryOf(state));
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

async function fileSink(context: CommandContext, path: string): Promise<Sink> {
  const file = await createPrivateFile(path);
  return {
    write: async (bytes) => file.appendFile(bytes),
    end: async (state) => {
      const value = { ...documentOf(captureType, state), file: path };
      await context.print(value, `${path}: ${summaryOf(state)}\n`);
    },
    [Symbol.asyncDispose]: async () => file.close(),
  };
}

function screenSink(context: CommandContext): Sink {
  const frames = new CapturedFrames();
  return {
    write: async (bytes) => {
      for (const frame of frames.push(bytes)) await printFrame(context, frame);
    },
    end: async (state) => {
      context.stages.note(summaryOf(state));
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

async function printFrame(context: CommandContext, frame: CapturedFrame): Promise<void> {
  const { direction, lengthBytes, headers } = frame;
  const time = new Date(frame.timeMs).toISOString();
  const summary = frameText(headers);
  const text = `${time} ${direction.padEnd(3)} ${summary}, ${lengthBytes} bytes\n`;
  await context.printNext({ time, direction, length_bytes: lengthBytes, summary }, text);
}

function summaryOf({ frames, framesLost, endReason }: Capture): string {
  const lost = framesLost === 0n ? '' : `, ${framesLost} more lost`;
  return `${frames} frames${lost}; ended by ${shortEnumValue(captureEndReasonType, endReason)}`;
}

function requireWhole({ endReason }: Capture): void {
  if (endReason === 'CAPTURE_END_REASON_CARD_GONE') {
    throw new ArgonError('unavailable', 'the capture ended with its network card', {
      hint: 'what was not read by then is lost; another card runs now',
    });
  }
  if (endReason !== 'CAPTURE_END_REASON_FAILED') return;
  throw new ArgonError('internal', 'the network card could not go on with the capture', {
    hint: 'see host/network-card.log below the state folder',
  });
}
