// SPDX-License-Identifier: Apache-2.0

// Goal: a guest that does not let go of a volume keeps it, and by force gets errors and nothing
// else, for as long as it holds what the volume was. A guest that hears no hot-plug is made by
// disabling the event that ACPI has for it (general purpose event 1 of QEMU's q35).

import { describe, expect, it } from 'vitest';

import { GuestHost } from './support/host.ts';

const deaf = 'echo disable >/sys/firmware/acpi/interrupts/gpe01';
const hearing = 'echo enable >/sys/firmware/acpi/interrupts/gpe01';

describe('a guest that does not let go', () => {
  it('keeps its volume, or is left with errors', async () => {
    await using host = await GuestHost.create();
    const name = await host.startInstance();
    const volume = await host.createVolume();
    await host.call('Volumes.AttachVolume', { name: volume, instance: name });
    const digest = await host.inGuest(
      name,
      'dd if=/dev/urandom of=/dev/vda bs=64k oflag=direct 2>/dev/null; sha256sum </dev/vda',
    );
    await host.inGuest(name, deaf);

    const { attachment } = await host.call('Volumes.DetachVolume', { name: volume });

    expect(attachment?.state).toBe('ATTACHMENT_STATE_BUSY');
    expect(await host.inGuest(name, 'sha256sum </dev/vda')).toBe(digest);

    // Readers and writers that wait for the disk are told, and so is whoever comes later.
    await host.inGuest(
      name,
      '(while dd if=/dev/vda of=/dev/null bs=4k count=256 iflag=direct; do :; done;' +
        ' echo ended >/tmp/reader) >/dev/null 2>&1 &',
    );
    await host.call('Volumes.DetachVolume', { name: volume, force: true });

    await host.inGuest(name, 'while [ ! -e /tmp/reader ]; do sleep 0.1; done');
    const late = 'dd if=/dev/urandom of=/dev/vda bs=4k count=1 oflag=direct';
    expect((await host.run(name, late)).exitCode).not.toBe(0);
    await expect(
      host.call('Volumes.AttachVolume', { name: volume, instance: name }),
    ).rejects.toMatchObject({ code: 'failed-precondition' });

    // The next thing that it hears has it look at all its slots, and the one is free.
    await host.inGuest(name, hearing);
    const next = await host.createVolume();
    await host.call('Volumes.AttachVolume', { name: next, instance: name });
    await host.call('Volumes.DetachVolume', { name: next });
    await host.inGuest(name, 'while [ -e /sys/block/vda ]; do sleep 0.1; done');
    const again = await host.call('Volumes.AttachVolume', { name: volume, instance: name });
    expect(again.attachment).toMatchObject({ slot: 0 });
    await host.inGuest(name, 'while [ ! -e /sys/block/vda ]; do sleep 0.1; done');
    expect(await host.inGuest(name, 'sha256sum </dev/vda')).toBe(digest);
  });
});
