// SPDX-License-Identifier: Apache-2.0

// `--print-qemu`: the command line of an instance in a form that works when pasted into a shell.
// The descriptors that QEMU inherits from Argon are replaced by what a terminal can offer.

import { join } from 'node:path';

import { quoteForShell } from '../base/shell-quote.ts';
import { type Channels, describeOptions } from './command-line.ts';
import type { GuestFile, MachineSpec } from './machine-spec.ts';
import { formatOption } from './option-text.ts';
import { formatVersion, type QemuProgram } from './version.ts';

export interface PrintOptions {
  /** The folder for the sockets and the variable store; it is made by the printed lines. */
  readonly directory?: string;
}

/** Shell lines that boot the instance, with comments on what differs from Argon's own start. */
export function printCommand(
  spec: MachineSpec,
  { program, version, dialect }: QemuProgram,
  options: PrintOptions = {},
): string {
  const directory = options.directory ?? `/tmp/argon-${spec.name}`;
  const channels: Channels = {
    qmp: listeningSocket('qmp', join(directory, 'qmp.sock')),
    serial: formatOption('stdio', { id: 'serial', mux: true, signal: false }),
    agent: listeningSocket('agent', join(directory, 'agent.sock')),
  };
  const variables = join(directory, 'variables.fd');
  const { boot } = spec;
  const pathOf = (file: GuestFile): string => {
    if (boot.kind === 'firmware' && file === boot.variables) return variables;
    return shownPath(file);
  };
  const printed = describeOptions({ ...spec, start: 'running' }, dialect, channels, pathOf);
  const setUp = [`mkdir -p -m 700 ${quoteForShell(directory)}`];
  if (boot.kind === 'firmware') {
    setUp.push(`cp ${quoteForShell(shownPath(boot.variables))} ${quoteForShell(variables)}`);
  }
  return [
    ...comments(spec, formatVersion(version), channels, directory),
    `${setUp.join(' && ')} &&`,
    `${quoteForShell(program)} \\`,
    printed.map((option) => `  ${option.map(quoteForShell).join(' ')}`).join(' \\\n'),
    '',
  ].join('\n');
}

function comments(
  spec: MachineSpec,
  version: string,
  channels: Channels,
  directory: string,
): readonly string[] {
  const accelerator = spec.accelerator === 'tcg' ? 'TCG, in software' : 'KVM';
  const lines = [
    `Instance ${spec.name} under QEMU ${version}, accelerator ${accelerator}.`,
    'Argon hands QEMU inherited sockets for console, QMP and guest agent. Here instead:',
    '  console  this terminal; Ctrl-a x ends QEMU, Ctrl-a h helps',
    `  QMP      ${join(directory, 'qmp.sock')}`,
    `  agent    ${join(directory, 'agent.sock')}`,
  ];
  if (spec.boot.kind === 'firmware') {
    lines.push('The variable store is a copy, so that the instance itself may run meanwhile.');
  }
  if (spec.start === 'held') lines.push('Argon starts it held (-S) and verifies it first.');
  if (spec.blockDevices.length > 0) {
    lines.push('Each disk needs its back end listening on its socket first (argon serve):');
    for (const device of spec.blockDevices) lines.push(`  ${device.id}  ${device.socketPath}`);
  }
  // A name with a line break in it must not end the comment.
  return lines.map((line) => `# ${line.replaceAll(/[\r\n]/g, ' ')}`);
}

function shownPath(file: GuestFile): string {
  return file.kind === 'path' ? file.path : file.origin;
}

function listeningSocket(id: string, path: string): string {
  return formatOption('socket', { id, path, server: true, wait: false });
}
