// SPDX-License-Identifier: Apache-2.0

// Pairs of sockets that the host addon makes, for channels that a child inherits.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, readlinkSync, readSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';

import { describe, expect, it } from 'vitest';

import { loadHostAddon } from '../../src/native/binding.ts';

const host = loadHostAddon();

/** What reads of at most 100 bytes give after `ab` and `c` were written to the other end. */
function readsOf(kind: 'stream' | 'seqpacket'): readonly string[] {
  const [left, right] = host.createSocketPair(kind);
  try {
    expect(readlinkSync(`/proc/self/fd/${left}`)).toMatch(/^socket:/);
    writeSync(left, 'ab');
    writeSync(left, 'c');
    closeSync(left);
    const reads: string[] = [];
    for (;;) {
      const bytes = Buffer.alloc(100);
      const count = readSync(right, bytes);
      if (count === 0) return reads;
      reads.push(bytes.toString('utf8', 0, count));
    }
  } finally {
    closeSync(right);
  }
}

describe('createSocketPair', () => {
  it('makes streams, and packets that keep their bounds', () => {
    expect(readsOf('stream')).toEqual(['abc']);
    expect(readsOf('seqpacket')).toEqual(['ab', 'c']);
  });

  it('makes descriptors that a child gets only if it is given them', async () => {
    const [ours, theirs] = host.createSocketPair('stream');
    const child = spawn('sh', ['-c', 'read line <&3; ls /proc/self/fd; echo "got $line" >&3'], {
      stdio: ['ignore', 'pipe', 'inherit', theirs],
    });
    closeSync(theirs);
    const socket = new Socket({ fd: ours, readable: true, writable: true });
    const fds: string[] = [];
    child.stdout?.setEncoding('utf8').on('data', (text: string) => fds.push(text));
    const answer = once(socket.setEncoding('utf8'), 'data');
    socket.write('hello\n');

    expect(await answer).toEqual(['got hello\n']);
    await once(child, 'close');
    expect(fds.join('').trim().split('\n').map(Number)).not.toContain(ours);
    socket.destroy();
  });
});
