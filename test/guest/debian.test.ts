// SPDX-License-Identifier: Apache-2.0

// Goal: a stock Debian with systemd, booted by UEFI firmware from an encrypted volume that our own
// back end serves, and again from the same volume after it was powered off.

import { expect, it } from 'vitest';

import { countInFile } from '../../src/cli/file-search.ts';
import { Argon } from './support/argon.ts';

it('boots Debian from an encrypted volume, twice', { timeout: 900_000 }, async () => {
  await using argon = await Argon.create();

  const first = await argon.inGuest(
    ['--image', 'debian', '--keep'],
    'cat /sys/block/vda/serial; echo; findmnt -no FSTYPE /; systemctl is-system-running --wait; ' +
      'ls /sys/firmware/efi >/dev/null && echo efi; echo kept-over-power-off > /var/lib/note; ' +
      'cat /etc/debian_version',
  );
  const [volume = ''] = await argon.volumes();
  const second = await argon.inGuest(
    ['--boot-volume', volume],
    'cat /var/lib/note; journalctl -b -k | grep -c "recovery complete"; true',
  );

  const [serial, fileSystem, state, efi, version] = first.split('\n');
  expect(serial).toBe(volume);
  expect([fileSystem, state, efi]).toEqual(['ext4', 'running', 'efi']);
  expect(version).toMatch(/^12\./);
  // A clean power-off leaves no journal to replay.
  expect(second.split('\n')).toEqual(['kept-over-power-off', '0']);
  expect(await countInFile(argon.dataFile(volume), Buffer.from('Debian GNU/Linux'))).toBe(0);
});
