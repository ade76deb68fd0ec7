// SPDX-License-Identifier: Apache-2.0

// Goal: what the management API promises holds in real guests: volumes plugged at any moment and
// found by serial, let go under load, kept through the death of cards and controllers.

import { existsSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { GuestHost } from './support/host.ts';

function idOf(name: string): string {
  return name.replace('volumes/', '');
}

const serials = 'cat /sys/block/vd*/serial 2>/dev/null | fold -w 20; true';

/** Waits until the guest sees exactly these volumes, whatever their places. */
async function expectSerials(
  host: GuestHost,
  instance: string,
  volumes: readonly string[],
): Promise<void> {
  const wanted = volumes.map(idOf).toSorted().join('\n');
  await host.eventually('the volumes in the guest', async () => {
    const seen = await host.inGuest(instance, serials);
    return seen.split('\n').toSorted().join('\n') === wanted ? true : undefined;
  });
}

describe('a guest', () => {
  it('gets volumes at any moment of its boot, and after a reboot', async () => {
    await using host = await GuestHost.create();
    const volumes = await Promise.all([1, 2, 3, 4].map(async () => host.createVolume()));
    const name = await host.startInstance();

    // From firmware to user space, as fast as each is taken.
    for (const volume of volumes) {
      await host.call('Volumes.AttachVolume', { name: volume, instance: name });
    }
    await expectSerials(host, name, volumes);
    await host.call('Instances.ResetInstance', { name });
    await expectSerials(host, name, volumes);
    await host.inGuest(name, '(sleep 1; reboot) >/dev/null 2>&1 &');
    await host.eventually('a guest that has just booted', async () =>
      Number(await host.inGuest(name, 'cut -d. -f1 /proc/uptime').catch(() => 999)) < 60
        ? true
        : undefined,
    );
    await expectSerials(host, name, volumes);

    const { state } = await host.call('Instances.StopInstance', { name });
    expect(state).toBe('INSTANCE_STATE_STOPPED');
  });

  it('finds 26 volumes by their serials, in whatever order they come and go', async () => {
    await using host = await GuestHost.create();
    const name = await host.startInstance();
    const volumes: string[] = [];
    for (let count = 0; count < 26; count += 1) volumes.push(await host.createVolume(1_048_576n));

    const order = volumes.toSorted(); // Ids are random, and so is this.
    for (const volume of order) {
      await host.call('Volumes.AttachVolume', { name: volume, instance: name });
    }
    await expectSerials(host, name, volumes);
    for (const volume of volumes.slice(0, 13)) {
      await host.call('Volumes.DetachVolume', { name: volume });
    }
    await expectSerials(host, name, volumes.slice(13));
    for (const volume of volumes.slice(0, 13).toReversed()) {
      await host.call('Volumes.AttachVolume', { name: volume, instance: name });
    }
    await expectSerials(host, name, volumes);

    // Two more, and the machine is full; the next one is refused before anything is taken.
    for (let count = 0; count < 2; count += 1) {
      const more = await host.createVolume(1_048_576n);
      await host.call('Volumes.AttachVolume', { name: more, instance: name });
    }
    const extra = await host.createVolume(1_048_576n);
    await expect(
      host.call('Volumes.AttachVolume', { name: extra, instance: name }),
    ).rejects.toMatchObject({ code: 'resource-exhausted' });
    expect((await host.call('Volumes.GetVolume', { name: extra })).state).toBe(
      'VOLUME_STATE_AVAILABLE',
    );
  });

  it('sees a volume grow, and lets go of one under load, with nothing lost', async () => {
    await using host = await GuestHost.create();
    const name = await host.startInstance();
    const volume = await host.createVolume();
    await host.call('Volumes.AttachVolume', { name: volume, instance: name });
    const digest = await host.inGuest(
      name,
      'dd if=/dev/urandom of=/dev/vda bs=64k oflag=direct 2>/dev/null; sha256sum </dev/vda',
    );

    await host.call('Volumes.UpdateVolume', {
      volume: { name: volume, sizeBytes: 33_554_432n },
      updateMask: ['size_bytes'],
    });
    expect(await host.inGuest(name, 'cat /sys/block/vda/size')).toBe('65536');
    await host.inGuest(name, '(while cat /dev/vda; do :; done) >/dev/null 2>&1 &');
    const { attachment } = await host.call('Volumes.DetachVolume', { name: volume });

    expect(attachment).toBeUndefined();
    await expectSerials(host, name, []);
    await host.call('Volumes.AttachVolume', { name: volume, instance: name });
    expect(await host.inGuest(name, 'head -c 16777216 /dev/vda | sha256sum')).toBe(digest);
  });

  it('is the only one to get a volume, and deletes it once', async () => {
    await using host = await GuestHost.create();
    const [first, second] = [await host.startInstance(), await host.startInstance()];
    const volume = await host.createVolume();

    const outcomes = await Promise.allSettled(
      [first, second].map(async (instance) =>
        host.call('Volumes.AttachVolume', { name: volume, instance }),
      ),
    );
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'failed-precondition' },
    });
    await expect(host.call('Volumes.DeleteVolume', { name: volume })).rejects.toMatchObject({
      code: 'failed-precondition',
    });
    await host.call('Volumes.DetachVolume', { name: volume });
    await host.call('Volumes.DeleteVolume', { name: volume });
    await expect(host.call('Volumes.DeleteVolume', { name: volume })).rejects.toMatchObject({
      code: 'not-found',
    });
  });

  it('loses a volume that is taken by force, which is free at once', async () => {
    await using host = await GuestHost.create();
    const name = await host.startInstance();
    const volume = await host.createVolume();
    await host.call('Volumes.AttachVolume', { name: volume, instance: name });
    await host.inGuest(name, 'mkfs.ext4 -q /dev/vda && mount /dev/vda /mnt && echo x >/mnt/x');

    const { attachment } = await host.call('Volumes.DetachVolume', { name: volume, force: true });

    expect(attachment).toBeUndefined();
    expect((await host.run(name, 'echo y >/mnt/y && sync -f /mnt')).exitCode).not.toBe(0);
    const other = await host.startInstance();
    await host.call('Volumes.AttachVolume', { name: volume, instance: other });
    await expectSerials(host, other, [volume]);
  });
});

describe('a host', () => {
  it('keeps its guests through the death of cards, also while they boot', async () => {
    await using host = await GuestHost.create();
    const volume = await host.createVolume(67_108_864n);
    const instance = { image: 'BOOT_IMAGE_TINY', memoryBytes: 268_435_456n } as const;
    const { name } = await host.call('Instances.CreateInstance', { instance });
    await host.call('Volumes.AttachVolume', { name: volume, instance: name });
    await host.call('Instances.StartInstance', { name });

    const killCard = async (): Promise<void> => {
      const pid = await host.pidOf('block-card');
      process.kill(pid, 'SIGKILL');
      await host.eventually('another card', async () => {
        const next = await host.pidOf('block-card');
        return next !== 0 && next !== pid ? true : undefined;
      });
      // Answered once the card has its devices; metrics would be without it.
      await host.call('Faults.ListFaults', { volume });
    };
    await killCard(); // The driver is not bound yet.
    const verify =
      'fio --name=v --filename=/dev/vda --rw=randwrite --bs=4k-64k --iodepth=16 --size=48m ' +
      '--ioengine=libaio --direct=1 --verify=md5 --verify_fatal=1 --loops=2 --output-format=terse';
    const loop = `until [ -e /tmp/enough ]; do ${verify} || break; done`;
    const outcome = '[ -e /tmp/enough ] && echo good >/tmp/end || echo bad >/tmp/end';
    await host.inGuest(name, `(${loop}; ${outcome}) >/tmp/fio.log 2>&1 &`);
    for (let count = 0; count < 20; count += 1) await killCard();
    await host.inGuest(name, 'touch /tmp/enough; while [ ! -e /tmp/end ]; do sleep 1; done');

    expect(await host.inGuest(name, 'cat /tmp/end')).toBe('good');
    expect(await host.inGuest(name, 'grep -ci error= /tmp/fio.log || true')).toBe('0');
    expect(await host.inGuest(name, 'dmesg | grep -c "I/O error" || true')).toBe('0');
    const { cardRestarts, stalledNs } = await host.call('Metrics.GetVolumeMetrics', {
      name: volume,
    });
    // One that was killed before QEMU's session was its own is not counted.
    expect(cardRestarts).toBeGreaterThanOrEqual(10);
    expect(stalledNs).toBeGreaterThan(0n);
    const resetting = host.call('Instances.ResetInstance', { name });
    process.kill(await host.pidOf('block-card'), 'SIGKILL');
    await resetting;
    await expectSerials(host, name, [volume]);
  });

  it('keeps its guests through the death of its backplane', async () => {
    await using host = await GuestHost.create();
    const name = await host.startInstance();
    const volume = await host.createVolume();
    await host.call('Volumes.AttachVolume', { name: volume, instance: name });
    const write = 'dd if=/dev/urandom of=/dev/vda bs=64k oflag=direct 2>/dev/null';
    const digest = await host.inGuest(name, `${write}; sha256sum </dev/vda`);
    const machine = await host.pidOf(name.replace('instances/', 'qemu-'));
    // Reads for as long as there is no error.
    const reading = 'while cat /dev/vda >/dev/null && [ ! -e /tmp/enough ]; do :; done';
    const outcome = '[ -e /tmp/enough ] && echo good >/tmp/end || echo bad >/tmp/end';
    await host.inGuest(name, `(${reading}; ${outcome}) >/dev/null 2>&1 &`);

    process.kill(await host.pidOf('backplane'), 'SIGKILL');
    await host.eventually('a condition of the guest', async () => {
      const { conditions } = await host.call('Instances.GetInstance', { name });
      return conditions.find(({ reason }) => reason === 'BackplaneEnded');
    });

    // QEMU connects again by itself, and what was under way is done again.
    await host.inGuest(name, 'touch /tmp/enough; while [ ! -e /tmp/end ]; do sleep 1; done');
    expect(await host.inGuest(name, 'cat /tmp/end')).toBe('good');
    await host.inGuest(name, 'echo 3 >/proc/sys/vm/drop_caches');
    expect(await host.inGuest(name, 'sha256sum </dev/vda')).toBe(digest);
    expect(await host.inGuest(name, 'dmesg | grep -c "I/O error" || true')).toBe('0');
    expect(await host.pidOf(name.replace('instances/', 'qemu-'))).toBe(machine);
    await host.call('Volumes.DetachVolume', { name: volume });
    await expectSerials(host, name, []);
  });

  it('keeps its guests through the death of controllers, and leaves nothing', async () => {
    const host = await GuestHost.create();
    const { runtimeDir } = host;
    {
      await using _ = host;
      const name = await host.startInstance();
      const volume = await host.createVolume();
      const bootId = await host.inGuest(name, 'cat /proc/sys/kernel/random/boot_id');
      // Killed in the middle of an attachment, wherever that is.
      const attaching = host
        .call('Volumes.AttachVolume', { name: volume, instance: name })
        .catch(() => 'killed');
      await host.eventually('the attachment to begin', async () =>
        existsSync(`${runtimeDir}/slots/0.sock`) ? true : undefined,
      );
      await host.killController();
      await attaching;

      await host.startController();

      expect(await host.inGuest(name, 'cat /proc/sys/kernel/random/boot_id')).toBe(bootId);
      const { attachment } = await host.call('Volumes.GetVolume', { name: volume });
      if (attachment === undefined) {
        await host.call('Volumes.AttachVolume', { name: volume, instance: name });
      }
      await expectSerials(host, name, [volume]);
      expect(await host.console(name)).toContain('argon: guest ready');
    }
    expect(existsSync(runtimeDir)).toBe(false);
  });
});
