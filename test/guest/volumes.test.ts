// SPDX-License-Identifier: Apache-2.0

// Goal: what a guest writes to a volume is there after it was powered off and booted again,
// encrypted or plain, and nothing of it is to be found on disk in the clear if it is encrypted.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { countInFile } from '../../src/cli/file-search.ts';
import { Argon } from './support/argon.ts';

const fioVerify =
  'fio --name=v --filename=/mnt/f --size=24m --rw=randwrite --bsrange=512-64k --iodepth=16 ' +
  '--direct=1 --ioengine=libaio --verify=crc32c --verify_fatal=1 --output-format=terse > /dev/null';

describe.each([
  ['encrypted', []],
  ['plain', ['--plain']],
] as const)('an %s volume', (kind, flags) => {
  it('holds a file system and verified data over power-off and boot', async () => {
    await using argon = await Argon.create();
    const volume = await argon.succeed('volume', 'create', '--size', '128MiB', ...flags);
    const marker = `MARKER-${kind}-4711-of-a-guest`;

    const first = await argon.inGuest(
      ['--volume', `id=${volume}`],
      `cat /sys/block/vda/serial && echo && mkfs.ext4 -q /dev/vda && mount /dev/vda /mnt && ` +
        `${fioVerify} && echo ${marker} > /mnt/marker && sha256sum /mnt/f | cut -d' ' -f1`,
    );
    const second = await argon.inGuest(
      ['--volume', `id=${volume}`],
      'e2fsck -fn /dev/vda >/dev/null && mount /dev/vda /mnt && cat /mnt/marker && ' +
        "sha256sum /mnt/f | cut -d' ' -f1",
    );

    const [serial, digest = ''] = first.split('\n');
    expect(serial).toBe(volume);
    expect(second).toBe(`${marker}\n${digest}`);
    const found = await countInFile(argon.dataFile(volume), Buffer.from(marker));
    // The plain volume is the control: the same search finds the marker there.
    expect(found > 0).toBe(kind === 'plain');
  });
});

describe('an encrypted volume', () => {
  it('keeps two equal sectors as different bytes', async () => {
    await using argon = await Argon.create();
    const volume = await argon.succeed('volume', 'create', '--size', '16MiB');

    await argon.inGuest(
      ['--volume', `id=${volume}`],
      'tr "\\0" A < /dev/zero | dd of=/dev/vda bs=4k count=2 iflag=fullblock conv=fsync',
    );

    const data = await readFile(argon.dataFile(volume));
    const sectors = Array.from({ length: 16 }, (_, index) =>
      data.subarray(index * 512, (index + 1) * 512).toString('hex'),
    );
    expect(new Set(sectors).size).toBe(16);
  });

  it('is noise under another key, and nothing crashes', async () => {
    await using argon = await Argon.create();
    const written = await argon.succeed('volume', 'create', '--size', '16MiB');
    const other = await argon.succeed('volume', 'create', '--size', '16MiB');
    const countOthers = 'dd if=/dev/vda skip=8 bs=1M count=1 2>/dev/null | tr -d B | wc -c';
    const underOwnKey = await argon.inGuest(
      ['--volume', `id=${written}`],
      'mkfs.ext4 -q /dev/vda && head -c 1048576 /dev/zero | tr "\\0" B | ' +
        'dd of=/dev/vda seek=8 bs=1M iflag=fullblock conv=fsync 2>/dev/null && ' +
        `echo 3 > /proc/sys/vm/drop_caches && ${countOthers}`,
    );

    // The other volume gets the first one's data and map, and keeps its own key.
    await writeFile(argon.dataFile(other), await readFile(argon.dataFile(written)));
    const map = await readFile(join(argon.stateDir, 'volumes', written, 'map'));
    map.write(other, 24, 'latin1'); // The id in the header; map_file.cc has its layout.
    await writeFile(join(argon.stateDir, 'volumes', other, 'map'), map);
    const { exitCode, stdout } = await argon.tryInGuest(
      ['--volume', `id=${other}`],
      `mount -t ext4 /dev/vda /mnt 2>/dev/null && echo mounted; ${countOthers}; ` +
        'dmesg | grep -c "I/O error"',
    );

    expect(underOwnKey).toBe('0');
    expect(stdout).not.toContain('mounted');
    const [differing = '0', errors] = stdout.trim().split('\n');
    expect(Number(differing)).toBeGreaterThan(1_000_000);
    expect(errors).toBe('0');
    expect(exitCode).toBe(1); // grep found no error.
  });

  it('reads as zeros where it was never written', async () => {
    await using argon = await Argon.create();

    const stdout = await argon.inGuest(
      ['--volume', 'size=64MiB'],
      'printf x | dd of=/dev/vda bs=1 seek=1000000 conv=fsync 2>/dev/null; ' +
        'echo 3 > /proc/sys/vm/drop_caches; tr -d "\\0" < /dev/vda | wc -c',
    );

    expect(stdout).toBe('1');
  });

  it('is deleted with its run, unless it is to be kept', async () => {
    await using argon = await Argon.create();

    await argon.succeed('run', '--volume', 'size=16MiB', '--', 'true');
    const afterPlainRun = await argon.volumes();
    await argon.succeed('run', '--keep', '--volume', 'size=16MiB', '--', 'true');
    const afterKeptRun = await argon.volumes();

    expect(afterPlainRun).toHaveLength(0);
    expect(afterKeptRun).toHaveLength(1);
  });
});
