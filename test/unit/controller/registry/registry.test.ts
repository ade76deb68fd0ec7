// SPDX-License-Identifier: Apache-2.0

import { chmod, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { assertNever } from '../../../../src/base/errors.ts';
import type { Attachment, Instance, Volume } from '../../../../src/controller/model.ts';
import { noLimits } from '../../../../src/controller/model.ts';
import { Registry } from '../../../../src/controller/registry/registry.ts';
import { emptyNetworkState } from '../../../../src/network/model/records.ts';
import { sampleLimits } from '../../card/samples.ts';
import { createTempDir } from '../../temp-dir.ts';
import {
  instanceId,
  sampleAttachment,
  sampleHeldInterface,
  sampleHeldSlot,
  sampleInstance,
  samplePart,
  sampleVolume,
  volumeId,
} from '../samples.ts';

describe('Registry', () => {
  it('has files that nobody else reads, one of an older Argon too', async () => {
    await using dir = await createTempDir();
    const path = join(dir.path, 'registry.db');
    await writeFile(path, '');
    await chmod(path, 0o644);

    using registry = new Registry(path);
    registry.putInstance(sampleInstance());

    const names = await readdir(dir.path);
    expect(names.length).toBeGreaterThan(1); // And SQLite's journal.
    for (const name of names) {
      expect((await stat(join(dir.path, name))).mode & 0o777).toBe(0o600);
    }
  });

  it('has after it was opened again what it had', async () => {
    await using dir = await createTempDir();
    const path = join(dir.path, 'registry.db');
    {
      using registry = new Registry(path);
      registry.putVolume(sampleVolume());
      registry.putInstance(sampleInstance(1, { userData: new Uint8Array([0, 255]) }));
      registry.putAttachment(sampleAttachment(1, 1));
      registry.putPart(samplePart());
      registry.setHostLimits(sampleLimits());
      registry.holdSlot(sampleHeldSlot(4, 1));
      registry.networks.holdInterface(sampleHeldInterface(9, 1));
    }

    using registry = new Registry(path);

    expect(registry.volume(volumeId(1))).toEqual(sampleVolume());
    expect(registry.instance(instanceId(1))).toEqual(
      sampleInstance(1, { userData: new Uint8Array([0, 255]) }),
    );
    expect(registry.attachments()).toEqual([sampleAttachment(1, 1)]);
    expect(registry.parts()).toEqual([samplePart()]);
    expect(registry.hostLimits()).toEqual(sampleLimits());
    expect(registry.heldSlots(instanceId(1))).toEqual([sampleHeldSlot(4, 1)]);
    const both = [sampleHeldSlot(4, 1), sampleHeldInterface(9, 1)];
    expect(registry.held(instanceId(1))).toEqual(both);
    expect(registry.held()).toEqual(both);
    expect(registry.usedSlots()).toEqual([1, 4, 9]);
  });

  it('refuses a file that is none', async () => {
    await using dir = await createTempDir();
    const path = join(dir.path, 'registry.db');
    await writeFile(path, 'this is no database'.repeat(100));

    expect(() => new Registry(path)).toThrow(expect.objectContaining({ code: 'data-loss' }));
  });

  it('writes all of a transaction or nothing', () => {
    using registry = new Registry(':memory:');

    expect(() =>
      registry.transact(() => {
        registry.putVolume(sampleVolume());
        throw new Error('as the test wants');
      }),
    ).toThrow('as the test wants');

    expect(registry.volumes().items).toEqual([]);
    registry.transact(() => {
      registry.putVolume(sampleVolume());
    });
    expect(registry.volumes().items).toHaveLength(1);
  });

  it('refuses a name, a slot and a volume twice', () => {
    using registry = new Registry(':memory:');
    registry.putVolume(sampleVolume(1, { displayName: 'web' }));
    registry.putVolume(sampleVolume(2));
    registry.putVolume(sampleVolume(3));
    registry.putInstance(sampleInstance(1));
    registry.putAttachment(sampleAttachment(1, 1));

    const taken = expect.objectContaining({ code: 'already-exists' });
    expect(() => {
      registry.putVolume(sampleVolume(4, { displayName: 'web' }));
    }).toThrow(taken);
    expect(() => {
      registry.putAttachment(sampleAttachment(2, 1, { slot: 1 }));
    }).toThrow(taken);
    expect(() => {
      registry.putAttachment(sampleAttachment(2, 1, { pciSlot: 1 }));
    }).toThrow(taken);
  });

  it('keeps a volume that is attached, and forgets attachments with their instance', () => {
    using registry = new Registry(':memory:');
    registry.putVolume(sampleVolume(1));
    registry.putInstance(sampleInstance(1));
    registry.putAttachment(sampleAttachment(1, 1));
    registry.holdSlot(sampleHeldSlot(2, 1));
    registry.networks.holdInterface(sampleHeldInterface(3, 1));

    expect(() => {
      registry.deleteVolume(volumeId(1));
    }).toThrow('FOREIGN KEY');
    registry.deleteInstance(instanceId(1));
    registry.deleteVolume(volumeId(1));

    expect(registry.attachments()).toEqual([]);
    expect(registry.held(instanceId(1))).toEqual([]);
  });

  it('pages through what there is, in the order in which it was made', () => {
    using registry = new Registry(':memory:');
    const made = [5, 3, 9, 1, 7].map((number) => sampleVolume(number));
    for (const volume of made) registry.putVolume(volume);
    registry.putVolume({ ...sampleVolume(5), revision: 2 });

    const seen: Volume[] = [];
    let afterOrdinal: number | undefined = 0;
    while (afterOrdinal !== undefined) {
      const page: ReturnType<Registry['volumes']> = registry.volumes({ afterOrdinal, count: 2 });
      expect(page.items.length).toBeLessThanOrEqual(2);
      seen.push(...page.items);
      afterOrdinal = page.nextOrdinal;
    }

    expect(seen.map(({ id }) => id)).toEqual(made.map(({ id }) => id));
    expect(registry.volumes({ afterOrdinal: 0, count: 5 }).nextOrdinal).toBeUndefined();
  });

  it('drops old answers, and the oldest of too many', () => {
    using registry = new Registry(':memory:');
    const operation = { method: 'm', requestHash: 'h', answer: '{}' };
    for (const number of [1, 2, 3, 4]) {
      registry.putOperation({ ...operation, requestId: `r${number}`, startTimeMs: number });
    }
    registry.putOperation({ ...operation, requestId: 'open', startTimeMs: 1, answer: undefined });

    registry.pruneOperations(2, 2);

    expect(registry.operation('r1')).toBeUndefined();
    expect(registry.operation('r2')).toBeUndefined();
    expect(registry.operation('r4')).toMatchObject({ answer: '{}' });
    expect(registry.operation('open')).toMatchObject({ answer: undefined });
    registry.dropUnanswered();
    expect(registry.operation('open')).toBeUndefined();
  });

  it('has no networks, no limits of the host and no parts at first', () => {
    using registry = new Registry(':memory:');

    expect(registry.networks.state()).toEqual(emptyNetworkState);
    expect(registry.hostLimits()).toEqual(noLimits);
    registry.putPart(samplePart());
    registry.deletePart('block-card');
    expect(registry.parts()).toEqual([]);
  });
});

// The oracle: maps, and the rules that the tables enforce written out by hand.
class Model {
  readonly volumes = new Map<string, Volume>();
  readonly instances = new Map<string, Instance>();
  readonly attachments = new Map<string, Attachment>();

  putAttachment(attachment: Attachment): boolean {
    const others = [...this.attachments.values()].filter(
      ({ volume }) => volume !== attachment.volume,
    );
    const isFree = others.every(
      ({ slot, instance, pciSlot }) =>
        slot !== attachment.slot &&
        (instance !== attachment.instance || pciSlot !== attachment.pciSlot),
    );
    const isKnown = this.volumes.has(attachment.volume) && this.instances.has(attachment.instance);
    if (isFree && isKnown) this.attachments.set(attachment.volume, attachment);
    return isFree && isKnown;
  }

  deleteVolume(id: string): boolean {
    if (this.attachments.has(id)) return false;
    this.volumes.delete(id);
    return true;
  }

  deleteInstance(id: string): void {
    for (const { volume, instance } of this.attachments.values()) {
      if (instance === id) this.attachments.delete(volume);
    }
    this.instances.delete(id);
  }
}

const small = fc.integer({ min: 1, max: 4 });
const command = fc.oneof(
  fc.record({ kind: fc.constant('put-volume' as const), number: small, revision: small }),
  fc.record({ kind: fc.constant('delete-volume' as const), number: small }),
  fc.record({ kind: fc.constant('put-instance' as const), number: small, revision: small }),
  fc.record({ kind: fc.constant('delete-instance' as const), number: small }),
  fc.record({
    kind: fc.constant('attach' as const),
    number: small,
    instance: small,
    slot: small,
    pciSlot: small,
  }),
  fc.record({ kind: fc.constant('detach' as const), number: small }),
);
type Command = typeof command extends fc.Arbitrary<infer Value> ? Value : never;

function attempt(work: () => void): boolean {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}

/** Does the same to both; whether each did it. */
function apply(registry: Registry, model: Model, step: Command): readonly [boolean, boolean] {
  switch (step.kind) {
    case 'put-volume': {
      const volume = sampleVolume(step.number, { revision: step.revision });
      model.volumes.set(volume.id, volume);
      return [attempt(() => registry.putVolume(volume)), true];
    }
    case 'put-instance': {
      const instance = sampleInstance(step.number, { revision: step.revision });
      model.instances.set(instance.id, instance);
      return [attempt(() => registry.putInstance(instance)), true];
    }
    case 'delete-volume': {
      const id = volumeId(step.number);
      return [attempt(() => registry.deleteVolume(id)), model.deleteVolume(id)];
    }
    case 'delete-instance': {
      const id = instanceId(step.number);
      model.deleteInstance(id);
      return [attempt(() => registry.deleteInstance(id)), true];
    }
    case 'attach': {
      const { slot, pciSlot } = step;
      const attachment = sampleAttachment(step.number, step.instance, { slot, pciSlot });
      return [attempt(() => registry.putAttachment(attachment)), model.putAttachment(attachment)];
    }
    case 'detach':
      model.attachments.delete(volumeId(step.number));
      return [attempt(() => registry.deleteAttachment(volumeId(step.number))), true];
  }
  return assertNever(step);
}

function byId<Item extends { readonly id: string }>(items: Iterable<Item>): readonly Item[] {
  return [...items].toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

describe('a registry after any commands', () => {
  it('holds what a plain model holds, and refused what the model refused', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 40 }), (steps) => {
        using registry = new Registry(':memory:');
        const model = new Model();

        for (const step of steps) {
          const [isDone, isExpected] = apply(registry, model, step);
          expect(isDone, JSON.stringify(step)).toBe(isExpected);
        }

        expect(byId(registry.volumes().items)).toEqual(byId(model.volumes.values()));
        expect(byId(registry.instances().items)).toEqual(byId(model.instances.values()));
        expect(registry.attachments()).toEqual(
          [...model.attachments.values()].toSorted((a, b) => a.slot - b.slot),
        );
      }),
    );
  });
});
