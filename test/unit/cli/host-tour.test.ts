// SPDX-License-Identifier: Apache-2.0

// The host's part of the tour with commands that do nothing. With a real host it is `npm start`.

import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { locateStateDir } from '../../../src/base/state-dir.ts';
import { runHostTour, showHost } from '../../../src/cli/host-tour.ts';
import { createTempDir } from '../temp-dir.ts';

const id = 'vol0123456789abcdef0';

/** A tour whose commands answer as `answers` has it; gives the command lines and what was said. */
async function tour(
  answers: Readonly<Record<string, string>>,
): Promise<{ readonly lines: readonly string[]; readonly said: string }> {
  const lines: string[] = [];
  let said = '';
  await showHost({
    argon: async (args) => {
      lines.push(args.join(' '));
      return answers[args.slice(0, 2).join(' ')] ?? answers[args[0] ?? ''] ?? '';
    },
    say: async (text) => {
      said += text;
    },
  });
  return { lines, said };
}

const answers = {
  'volume create': `volumes/${id}\n`,
  'instance create': 'instances/i-0123456789abcdef0\n',
  exec: `vol00000000000000001${id}`,
  top: 'VOLUME  R/s\nvol     0\n',
};

describe('the tour of a host', () => {
  it('shows each command with its output, from up to down', async () => {
    const { lines, said } = await tour(answers);

    expect(lines[0]).toBe('up --detach');
    expect(lines).toContain(`volume attach volumes/${id} instances/i-0123456789abcdef0`);
    expect(lines.at(-1)).toBe('down');
    expect(said).toContain("\n   $ argon exec instances/i-0123456789abcdef0 -- 'cat /sys/");
    expect(said).toContain('\n   VOLUME  R/s\n   vol     0\n');
  });

  it('fails where the guest does not find its volume', async () => {
    await expect(tour({ ...answers, exec: 'vol00000000000000001' })).rejects.toThrow(
      'does not find volumes/',
    );
  });

  it('leaves nothing behind when it is interrupted', async () => {
    await using dir = await createTempDir();
    const stateDir = locateStateDir({ ARGON_STATE: dir.path }, '/');
    await mkdir(join(dir.path, 'tour', 'volumes'), { recursive: true }); // Of one that was killed.

    const running = runHostTour(stateDir, {
      say: async () => {},
      onProgress: () => {},
      signal: AbortSignal.abort(),
    });

    await expect(running).rejects.toThrow();
    expect(existsSync(join(dir.path, 'tour'))).toBe(false);
  });
});
