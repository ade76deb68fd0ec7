// SPDX-License-Identifier: Apache-2.0

import { execFileSync } from 'node:child_process';

import { describe, expect, it } from 'vitest';

import { ArgonError } from '../../../../src/base/errors.ts';
import { isPanic, printPlan } from '../../../../src/cli/run/run-guest.ts';
import type { VolumePlan } from '../../../../src/controller/instance.ts';
import type { TroubleKind } from '../../../../src/guest/console-signs.ts';
import { GuestTroubleError } from '../../../../src/guest/stages.ts';
import { createRunPlace, samplePrepared } from './samples.ts';

// withGuest starts processes: test/integration/run-command.test.ts and test/guest.
describe('printPlan', () => {
  const volume: VolumePlan = {
    id: 'vol0123456789abcdef0',
    queues: 1,
    blockBytes: 512,
    isReadOnly: false,
    store: { kind: 'memory', sizeBytes: 1_048_576n },
    cipher: { kind: 'none' },
    isBoot: false,
    isPacked: false,
  };

  it('has a back end to start for each volume, at the socket that QEMU uses', async () => {
    await using place = await createRunPlace();
    const prepared = samplePrepared(place.services, { volumes: [volume, volume] });

    const text = printPlan(prepared, place.folder);

    expect(text).toContain(`# A run's folder: ${place.folder.path}\n`);
    for (const index of [0, 1]) {
      const socket = `/tmp/web-1/${index}.sock`;
      expect(text).toContain(`# argon serve block --volume ${volume.id} --socket ${socket} &\n`);
      expect(text.split('\n').filter((line) => line.startsWith('  -chardev'))).toContainEqual(
        expect.stringContaining(`path=${socket}`),
      );
    }
  });

  it('is a script that a shell can read', async () => {
    await using place = await createRunPlace();
    const prepared = samplePrepared(place.services, { volumes: [volume] });

    const script = printPlan(prepared, place.folder);

    expect(execFileSync('sh', ['-n'], { input: script }).toString('utf8')).toBe('');
  });
});

describe('isPanic', () => {
  function trouble(kind: TroubleKind): GuestTroubleError {
    return new GuestTroubleError({ kind, line: 'Kernel panic', isFatal: true }, 'kernel');
  }

  it.each([
    ['panic', true],
    ['oops', true],
    ['hung', false],
    ['no-root', false],
    ['emergency', false],
    ['no-boot-device', false],
  ] as const)('takes %s for the end of the guest: %s', (kind, isEnd) => {
    expect(isPanic(trouble(kind))).toBe(isEnd);
  });

  it('takes no other error for one', () => {
    expect(isPanic(new ArgonError('aborted', 'the guest panicked'))).toBe(false);
    expect(isPanic(undefined)).toBe(false);
  });
});
