// SPDX-License-Identifier: Apache-2.0

// Goal: what the block device offers is what a stock Linux guest sees and uses: several queues,
// packed rings, discards, a write cache that can be turned off, disks that cannot be written, and
// disks that grow while they are mounted.

import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { describe, expect, it } from 'vitest';

import { Argon } from './support/argon.ts';

// Bits of a virtio device's features, as the kernel shows them: a character for each, bit 0 first.
const bit = { readOnly: 5, flush: 9, writeCache: 11, multiQueue: 12, discard: 13, zeroes: 14 };
const packedBit = 34;
const featuresOf = (disk: string): string => `cat /sys/block/${disk}/device/features`;

const verify =
  'fio --name=v --filename=/dev/vda --size=16m --rw=randwrite --bsrange=512-64k --iodepth=16 ' +
  '--numjobs=1 --direct=1 --ioengine=libaio --verify=crc32c --verify_fatal=1 ' +
  '--output-format=terse > /dev/null';

async function allocatedBytes(file: string): Promise<number> {
  return (await stat(file)).blocks * 512;
}

describe('a guest', () => {
  it('has a queue for each CPU, and data verifies over a packed ring', async () => {
    await using argon = await Argon.create();

    const out = await argon.inGuest(
      ['--cpus', '2', '--volume', 'size=32MiB,packed', '--volume', 'size=32MiB'],
      [
        'ls /sys/block/vda/mq | wc -l',
        featuresOf('vda'),
        featuresOf('vdb'),
        verify,
        'echo ok',
      ].join('; '),
    );

    const [queues, packed = '', split = '', last] = out.split('\n');
    expect(queues).toBe('2');
    expect(packed[packedBit]).toBe('1');
    expect(split[packedBit]).toBe('0');
    for (const index of [bit.flush, bit.writeCache, bit.multiQueue, bit.discard, bit.zeroes]) {
      expect(split[index]).toBe('1');
    }
    expect(split[bit.readOnly]).toBe('0');
    expect(last).toBe('ok');
  });

  it.each([
    ['encrypted', []],
    ['plain', ['--plain']],
  ] as const)(
    'gives space of an %s volume back by a discard, and reads zeros there',
    async (_, flags) => {
      await using argon = await Argon.create();
      const volume = await argon.succeed('volume', 'create', '--size', '64MiB', ...flags);
      const data = argon.dataFile(volume);

      await argon.inGuest(
        ['--volume', `id=${volume}`],
        'tr "\\0" A < /dev/zero | dd of=/dev/vda bs=1M count=32 iflag=fullblock conv=fsync',
      );
      const before = await allocatedBytes(data);
      const out = await argon.inGuest(
        ['--volume', `id=${volume}`],
        'blkdiscard -o 0 -l 16777216 /dev/vda && sync /dev/vda && ' +
          'head -c 16777216 /dev/vda | tr -d "\\0" | wc -c; ' +
          'dd if=/dev/vda bs=1M skip=16 count=16 2>/dev/null | tr -d A | wc -c',
      );

      expect(out).toBe('0\n0');
      expect(before).toBeGreaterThanOrEqual(32 * 2 ** 20);
      expect(await allocatedBytes(data)).toBeLessThan(before - 15 * 2 ** 20);
    },
  );

  it('turns the write cache off and on, and each write is then flushed', async () => {
    await using argon = await Argon.create();

    const out = await argon.inGuest(
      ['--volume', 'size=16MiB'],
      'cat /sys/block/vda/cache_type; echo "write through" > /sys/block/vda/cache_type; ' +
        'cat /sys/block/vda/cache_type; ' +
        'dd if=/dev/zero of=/dev/vda bs=4k count=64 oflag=direct 2>/dev/null && echo written',
    );

    expect(out).toBe('write back\nwrite through\nwritten');
  });

  it('cannot write to a disk that is read-only', async () => {
    await using argon = await Argon.create();
    const volume = await argon.succeed('volume', 'create', '--size', '16MiB', '--plain');
    await argon.inGuest(['--volume', `id=${volume}`], 'echo kept | dd of=/dev/vda conv=fsync');

    const out = await argon.inGuest(
      ['--volume', `id=${volume},read-only`],
      'cat /sys/block/vda/ro; head -c 4 /dev/vda; echo; ' +
        'blockdev --setrw /dev/vda; echo lost | dd of=/dev/vda conv=fsync 2>/dev/null; echo $?',
    );

    expect(out).toBe('1\nkept\n1');
    expect((await readFile(argon.dataFile(volume))).subarray(0, 4).toString()).toBe('kept');
  });

  it('sees a mounted disk grow', async () => {
    await using argon = await Argon.create();
    const volume = await argon.succeed('volume', 'create', '--size', '16MiB');
    const run = argon.start([
      'run',
      '--volume',
      `id=${volume}`,
      '--',
      'cat /sys/block/vda/size; mkfs.ext4 -q /dev/vda && mount /dev/vda /mnt; echo up; ' +
        'for i in $(seq 600); do s=$(cat /sys/block/vda/size); [ $s != 32768 ] && break; ' +
        'sleep 0.2; done; echo $s; ' +
        'dd if=/dev/zero of=/dev/vda bs=1M seek=31 count=1 oflag=direct 2>/dev/null && echo wrote',
    ]);

    const control = await waitForControl(argon);
    // Once the agent is there, the driver has read the size that the disk had.
    while (!run.stderr().includes('agent … ok')) await sleep(100);
    await argon.succeed('volume', 'resize', volume, '32MiB', '--control', control);
    const { exitCode, stdout, stderr } = await run.outcome;

    expect(exitCode, stderr).toBe(0);
    expect(stdout.trim().split('\n')).toEqual(['32768', 'up', '65536', 'wrote']);
    expect(JSON.parse(await argon.succeed('-o', 'json', 'volume', 'list'))).toMatchObject([
      { id: volume, size_bytes: 2 ** 25 },
    ]);
  });
});

/** The control socket of the first volume of the one run there is, once its guest is up. */
async function waitForControl(argon: Argon): Promise<string> {
  const runs = join(argon.stateDir, 'runs');
  for (;;) {
    for (const name of await readdir(runs).catch(() => [])) {
      const text = await readFile(join(runs, name, 'run.json'), 'utf8').catch(() => '');
      if (!text.endsWith('}\n')) continue; // Not there yet, or not all of it.
      const [socket] = (JSON.parse(text) as { controlSockets?: string[] }).controlSockets ?? [];
      if (socket !== undefined) return socket;
    }
    await sleep(100);
  }
}
