// SPDX-License-Identifier: Apache-2.0

// Goal: a volume on disk is what Linux itself calls aes-xts-plain64 with 4096-byte sectors. A guest
// writes through our back end; another guest gets the backing file as a plain disk and reads it
// through its kernel's dm-crypt with the same key. An oracle that shares no code with us.

import { copyFile } from 'node:fs/promises';

import { expect, it } from 'vitest';

import { Argon } from './support/argon.ts';
import { makeVolumeKey, setVolumeKey } from './support/known-key.ts';

const sizeMib = 32;
const sectorCount = (sizeMib * 1024 * 1024) / 512;

function readThroughDmCrypt(key: Buffer): string {
  const table =
    `0 ${sectorCount} crypt aes-xts-plain64 ${key.toString('hex')} 0 /dev/vda 0 ` +
    '2 sector_size:4096 iv_large_sectors';
  return `dmsetup create --noudevsync oracle --table "${table}" && sha256sum < /dev/mapper/oracle`;
}

it('is read by the dm-crypt of a guest’s kernel', { timeout: 600_000 }, async () => {
  await using argon = await Argon.create();
  const size = `${sizeMib}MiB`;
  const volume = await argon.succeed('volume', 'create', '--size', size);
  const key = makeVolumeKey();
  await setVolumeKey(argon.stateDir, volume, key);

  // Every unit is written, so that none is left to the allocation map; then pieces of units are
  // written over, which is where a slice could differ from the whole.
  const written = await argon.inGuest(
    ['--volume', `id=${volume}`],
    `dd if=/dev/urandom of=/dev/vda bs=1M count=${sizeMib} conv=fsync 2>/dev/null && ` +
      'for at in 1 9 4095 65533; do ' +
      'dd if=/dev/urandom of=/dev/vda bs=512 count=3 seek=$at oflag=direct 2>/dev/null; done && ' +
      'sync && sha256sum < /dev/vda',
  );
  const raw = await argon.succeed('volume', 'create', '--size', size, '--plain');
  await copyFile(argon.dataFile(volume), argon.dataFile(raw));
  const wrongKey = makeVolumeKey();
  const stdout = await argon.inGuest(
    ['--volume', `id=${raw}`],
    `${readThroughDmCrypt(key)}; dmsetup remove --noudevsync oracle; ` +
      readThroughDmCrypt(wrongKey),
  );

  const [right, wrong] = stdout.split('\n');
  expect(right).toBe(written);
  // The control: with another key the same oracle reads something else.
  expect(wrong).not.toBe(written);
});
