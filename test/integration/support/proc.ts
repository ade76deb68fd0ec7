// SPDX-License-Identifier: Apache-2.0

// What the kernel says of a process.

import { readdir, readFile, readlink } from 'node:fs/promises';

/** The processes that a process has started and that are still there. */
export async function childrenOf(pid: number): Promise<readonly number[]> {
  const pids: number[] = [];
  for (const task of await readdir(`/proc/${pid}/task`).catch(() => [])) {
    const path = `/proc/${pid}/task/${task}/children`;
    const text = await readFile(path, 'utf8').catch(() => '');
    pids.push(
      ...text
        .split(' ')
        .filter((word) => word !== '')
        .map(Number),
    );
  }
  return pids;
}

/** Gone, or a zombie that its parent has not asked after. */
export async function hasEnded(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => 'State:\tX');
  return /^State:\s+[ZX]/m.test(status);
}

/** True if the process has a unix socket that listens at a path. */
export async function isListening(pid: number): Promise<boolean> {
  const inodes = new Set<string>();
  for (const line of (await readFile('/proc/net/unix', 'utf8')).split('\n').slice(1)) {
    // Num RefCount Protocol Flags Type St Inode Path; the flag is __SO_ACCEPTCON.
    const [, , , flags, , , inode, path] = line.trim().split(/\s+/);
    if (flags === '00010000' && path !== undefined) inodes.add(`socket:[${inode ?? ''}]`);
  }
  for (const fd of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
    const target = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => '');
    if (inodes.has(target)) return true;
  }
  return false;
}
