// SPDX-License-Identifier: Apache-2.0

// Looks for bytes in the memory of another process, as root can: every page that /proc/PID/mem
// gives. What the kernel itself cannot read there (memfd_secret) is named apart.

import { type FileHandle, open, readFile } from 'node:fs/promises';

export interface Occurrence {
  /** Name of what was found. */
  readonly needle: string;
  /** The mapping's line in /proc/PID/maps. */
  readonly mapping: string;
  /** The mapping never reaches swap, and no core file has it. */
  readonly isLocked: boolean;
}

export interface MemoryScan {
  readonly occurrences: readonly Occurrence[];
  /** Mappings that the process itself may read and /proc/PID/mem does not give. */
  readonly unreadable: readonly string[];
  readonly scannedBytes: number;
}

interface Mapping {
  readonly line: string;
  readonly start: number;
  readonly end: number;
  readonly isLocked: boolean;
}

const chunkBytes = 4 * 1024 * 1024;

/** Looks for all of `needles` while the process is stopped. */
export async function scanMemory(
  pid: number,
  needles: Readonly<Record<string, Buffer>>,
): Promise<MemoryScan> {
  process.kill(pid, 'SIGSTOP'); // What moves while it is looked for can be missed.
  try {
    await using memory = await open(`/proc/${pid}/mem`, 'r');
    const occurrences: Occurrence[] = [];
    const unreadable: string[] = [];
    let scannedBytes = 0;
    for (const mapping of parseMappings(await readFile(`/proc/${pid}/smaps`, 'utf8'))) {
      try {
        const found = await searchMapping(memory, mapping, needles);
        occurrences.push(...found);
        scannedBytes += mapping.end - mapping.start;
      } catch {
        unreadable.push(mapping.line);
      }
    }
    return { occurrences, unreadable, scannedBytes };
  } finally {
    process.kill(pid, 'SIGCONT');
  }
}

/** The mappings that may be read and have a page. */
function parseMappings(smaps: string): readonly Mapping[] {
  return smaps.split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m).flatMap((block) => {
    const [, line = '', start = '', end = ''] =
      /^(([0-9a-f]+)-([0-9a-f]+) r.*)$/m.exec(block) ?? [];
    const sizeOf = (name: string): number =>
      Number(new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(block)?.[1] ?? 0);
    const flags = /^VmFlags: (.*)$/m.exec(block)?.[1]?.split(' ') ?? [];
    // Secret memory counts as nothing; it must not be passed over for that.
    const isEmpty = sizeOf('Rss') + sizeOf('Swap') === 0 && !line.includes('secretmem');
    if (line === '' || isEmpty) return [];
    return {
      line,
      start: Number.parseInt(start, 16),
      end: Number.parseInt(end, 16),
      isLocked: flags.includes('lo') && flags.includes('dd'),
    };
  });
}

async function searchMapping(
  memory: FileHandle,
  { line, start, end, isLocked }: Mapping,
  needles: Readonly<Record<string, Buffer>>,
): Promise<readonly Occurrence[]> {
  const named = Object.entries(needles);
  const overlap = Math.max(...named.map(([, { length }]) => length)) - 1;
  const found = new Set<string>();
  for (let at = start; at < end; at += chunkBytes) {
    const length = Math.min(chunkBytes + overlap, end - at);
    const { buffer, bytesRead } = await memory.read(Buffer.alloc(length), 0, length, at);
    if (bytesRead === 0) throw new Error(`${line} gives nothing`);
    const bytes = buffer.subarray(0, bytesRead);
    for (const [name, needle] of named) if (bytes.includes(needle)) found.add(name);
  }
  return [...found].map((needle) => ({ needle, mapping: line, isLocked }));
}
