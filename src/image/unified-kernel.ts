// SPDX-License-Identifier: Apache-2.0

// A unified kernel image: systemd's EFI stub with kernel, initrd and command line in sections of
// their own (systemd-stub(7)). Firmware starts it like any EFI program.

import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { ArgonError } from '../base/errors.ts';
import { run } from '../base/subprocess.ts';

export interface UnifiedKernelParts {
  readonly stubPath: string;
  readonly osReleasePath: string;
  readonly commandLine: string;
  readonly kernelPath: string;
  readonly initrdPath: string;
}

/** A section to add and its place in memory. */
export interface PlacedSection {
  readonly name: string;
  readonly path: string;
  readonly address: number;
}

/** Page size: more than the stub's own alignment, which must divide it. */
const alignmentBytes = 4096;

export async function buildUnifiedKernel(
  parts: UnifiedKernelParts,
  outputPath: string,
  { scratchDir, signal }: { readonly scratchDir: string; readonly signal: AbortSignal },
): Promise<void> {
  const commandLinePath = join(scratchDir, 'cmdline');
  await writeFile(commandLinePath, `${parts.commandLine}\0`);
  const sections = [
    { name: '.osrel', path: parts.osReleasePath },
    { name: '.cmdline', path: commandLinePath },
    { name: '.initrd', path: parts.initrdPath },
    // Last: the kernel unpacks itself in place and needs room behind it.
    { name: '.linux', path: parts.kernelPath },
  ];
  const sized = await Promise.all(
    sections.map(async (section) => ({ ...section, sizeBytes: (await stat(section.path)).size })),
  );
  const headers = await run('objdump', ['--section-headers', parts.stubPath], { signal });
  const options = placeSections(sized, endOfSections(headers)).flatMap((section) => [
    `--add-section=${section.name}=${section.path}`,
    `--change-section-vma=${section.name}=0x${section.address.toString(16)}`,
  ]);
  await run('objcopy', [...options, parts.stubPath, outputPath], { signal });
}

/** Puts sections one after the other from `endAddress` on. */
export function placeSections(
  sections: readonly { readonly name: string; readonly path: string; readonly sizeBytes: number }[],
  endAddress: number,
): readonly PlacedSection[] {
  let next = aligned(endAddress);
  return sections.map(({ name, path, sizeBytes }) => {
    const address = next;
    next = aligned(next + sizeBytes);
    return { name, path, address };
  });
}

/** The first free address, from the output of `objdump --section-headers`. */
export function endOfSections(headers: string): number {
  const ends = [...headers.matchAll(/^ *\d+ \.\S+ +([0-9a-f]{8}) +([0-9a-f]{16}) /gm)].map(
    ([, size = '', address = '']) => Number.parseInt(size, 16) + Number.parseInt(address, 16),
  );
  if (ends.length === 0) {
    throw new ArgonError('internal', 'objdump showed no section of the EFI stub');
  }
  return Math.max(...ends);
}

function aligned(address: number): number {
  return Math.ceil(address / alignmentBytes) * alignmentBytes;
}
