// SPDX-License-Identifier: Apache-2.0

// Goal: a guest that does not let go of a volume keeps it, and by force gets errors and nothing
// else, for as long as it holds what the volume was; of an interface it has no link then. A guest
// that hears no hot-plug is made by disabling the event that ACPI has for it (general purpose event
// 1 of QEMU's q35).

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

  it('loses its link by force, and hands the device over when it hears of it', async () => {
    await using host = await GuestHost.create();
    const name = await host.startInstance();
    const { name: vpc } = await host.call('Networks.CreateVpc', {
      vpc: { ipv4Cidrs: ['10.0.0.0/16'] },
    });
    const { name: subnet } = await host.call('Networks.CreateSubnet', {
      subnet: { vpc, ipv4Cidr: '10.0.1.0/24' },
    });
    const { name: group } = await host.call('Networks.CreateSecurityGroup', {
      securityGroup: { vpc },
    });
    const made = { subnet, securityGroups: [group] };
    const { name: card } = await host.call('Interfaces.CreateInterface', { interface: made });
    await host.call('Interfaces.AttachInterface', { name: card, instance: name });
    await host.inGuest(name, 'udhcpc -n -q -i eth0 && ping -c 1 10.0.1.1');
    await host.inGuest(name, deaf);

    const kept = await host.call('Interfaces.DetachInterface', { name: card });
    expect(kept.conditions).toMatchObject([{ type: 'Detaching' }]);
    await host.inGuest(name, 'ping -c 1 10.0.1.1');
    const taken = await host.call('Interfaces.DetachInterface', { name: card, force: true });

    expect(taken.instance).toBe('');
    expect(taken.conditions).toMatchObject([{ type: 'DeviceHeld' }]);
    expect(await host.inGuest(name, 'cat /sys/class/net/eth0/carrier')).toBe('0');
    await expect(
      host.call('Interfaces.AttachInterface', { name: card, instance: name }),
    ).rejects.toMatchObject({ code: 'failed-precondition' });

    // It is asked again when something is plugged, hears it now, and has let go by the next time.
    await host.inGuest(name, hearing);
    const volume = await host.createVolume();
    await host.call('Volumes.AttachVolume', { name: volume, instance: name });
    await host.inGuest(name, 'while [ -e /sys/class/net/eth0 ]; do sleep 0.1; done');
    const again = await host.call('Interfaces.AttachInterface', { name: card, instance: name });
    expect(again.conditions).toEqual([]);
    await host.inGuest(name, 'udhcpc -n -q -i eth0 && ping -c 1 10.0.1.1');
  });
});
