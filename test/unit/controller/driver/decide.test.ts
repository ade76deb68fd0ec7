// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import {
  type AttachFacts,
  checkEtag,
  decideAttach,
  decideDetach,
  decideEnd,
  etagOf,
  lowestFree,
  requireDetached,
  requireFound,
  requireSettled,
  standInOf,
  withCondition,
} from '../../../../src/controller/driver/decide.ts';
import {
  sampleAttachment,
  sampleHeldSlot,
  sampleInstance,
  sampleVolume,
  volumeId,
} from '../samples.ts';

const request = { isReadOnly: true, nowMs: 9 };

function facts(changes: Partial<AttachFacts> = {}): AttachFacts {
  return {
    volume: sampleVolume(1),
    current: undefined,
    instance: sampleInstance(1),
    attachments: [],
    held: [],
    usedSlots: [],
    slotCount: 2,
    ...changes,
  };
}

describe('decideAttach', () => {
  it('gives the lowest free slots, and a stopped instance its device at once', () => {
    const others = [
      sampleAttachment(2, 1, { pciSlot: 0, slot: 0 }),
      sampleAttachment(3, 2, { pciSlot: 1, slot: 2 }),
    ];

    expect(decideAttach(facts({ attachments: others, usedSlots: [0, 2] }), request)).toEqual({
      volume: volumeId(1),
      instance: sampleInstance(1).id,
      pciSlot: 1,
      slot: 1,
      phase: 'plugged',
      hasDriver: false,
      isReadOnly: true,
      isBoot: false,
      attachTimeMs: 9,
    });
  });

  it('only reserves for a machine that runs, around slots that it holds', () => {
    const instance = sampleInstance(1, { state: 'running' });

    expect(
      decideAttach(facts({ instance, held: [sampleHeldSlot(2, 1, { pciSlot: 0 })] }), request),
    ).toMatchObject({
      phase: 'reserved',
      pciSlot: 1,
      slot: 0,
    });
  });

  it('refuses one more than there are slots', () => {
    const attachments = [
      sampleAttachment(2, 1, { pciSlot: 0 }),
      sampleAttachment(3, 1, { pciSlot: 1 }),
    ];

    expect(() => decideAttach(facts({ attachments }), request)).toThrow(
      expect.objectContaining({ code: 'resource-exhausted' }),
    );
    const held = {
      attachments: attachments.slice(1),
      held: [sampleHeldSlot(4, 1, { pciSlot: 0 })],
    };
    expect(() => decideAttach(facts(held), request)).toThrow('2 slots');
  });

  it.each([
    ['a volume that is attached', { current: sampleAttachment(1, 2) }],
    ['a volume that is being made', { volume: sampleVolume(1, { phase: 'creating' }) }],
    ['a damaged volume', { volume: sampleVolume(1, { phase: 'error' }) }],
    ['a volume that the guest still holds', { held: [sampleHeldSlot(1, 1)] }],
    ['an instance that starts', { instance: sampleInstance(1, { state: 'starting' }) }],
    ['an instance that restarts', { instance: sampleInstance(1, { state: 'restarting' }) }],
    ['an instance that stops', { instance: sampleInstance(1, { state: 'stopping' }) }],
  ] as const)('refuses %s', (_what, changes) => {
    expect(() => decideAttach(facts(changes), request)).toThrow(
      expect.objectContaining({ code: 'failed-precondition' }),
    );
  });
});

describe('standInOf', () => {
  it('has the place of the volume and a name of its own', () => {
    const standIn = standInOf(sampleHeldSlot(1, 2, { isReadOnly: true }));

    expect(standIn).toMatchObject({
      volume: volumeId(1_001),
      pciSlot: 1,
      slot: 1,
      isReadOnly: true,
      standIn: { sizeBytes: 16n * 1024n * 1024n, hasMap: true },
    });
  });
});

describe('decideDetach', () => {
  const attachment = sampleAttachment(1, 1);

  it('says whether there is a guest to be asked', () => {
    const running = sampleInstance(1, { state: 'running' });

    expect(decideDetach(sampleVolume(), attachment, running).isRunning).toBe(true);
    expect(decideDetach(sampleVolume(), attachment, sampleInstance()).isRunning).toBe(false);
  });

  it.each([
    ['what is not attached', undefined, sampleInstance()],
    ['what is booted from', { ...attachment, isBoot: true }, sampleInstance()],
    ['while the instance stops', attachment, sampleInstance(1, { state: 'stopping' })],
  ] as const)('refuses %s', (_what, current, instance) => {
    expect(() => decideDetach(sampleVolume(), current, instance)).toThrow(
      expect.objectContaining({ code: 'failed-precondition' }),
    );
  });
});

describe('decideEnd', () => {
  const how = 'QEMU said nothing';

  it.each([
    ['guest-shutdown', false, 'stopped'],
    ['host-qmp-quit', false, 'stopped'],
    ['guest-reset', false, 'restart'],
    ['host-qmp-system-reset', false, 'restart'],
    ['guest-panic', false, 'error'],
    [undefined, false, 'error'],
    ['guest-reset', true, 'error'],
  ] as const)('of %s (panic: %s) is %s', (reason, hasPanicked, kind) => {
    expect(decideEnd({ reason, hasPanicked, how }).kind).toBe(kind);
  });

  it('says in the condition how it was', () => {
    expect(decideEnd({ reason: undefined, hasPanicked: false, how })).toMatchObject({
      conditionReason: 'MachineEnded',
      message: expect.stringContaining(how),
    });
  });
});

describe('an etag', () => {
  it('changes with the resource and with its attachments', () => {
    const volume = sampleVolume();
    const etags = [
      etagOf(volume, []),
      etagOf({ ...volume, revision: 2 }, []),
      etagOf(volume, [sampleAttachment(1, 1)]),
      etagOf(volume, [sampleAttachment(1, 1, { phase: 'busy' })]),
      etagOf(volume, [sampleAttachment(1, 1, { hasDriver: true })]),
    ];

    expect(new Set(etags).size).toBe(etags.length);
    for (const etag of etags) expect(etag).toMatch(/^[0-9a-f]{16}$/);
    expect(etagOf(volume, [])).toBe(etags[0]);
  });

  it('is checked where it is given', () => {
    expect(() => {
      checkEtag('', 'b', 'it');
      checkEtag('b', 'b', 'it');
    }).not.toThrow();
    expect(() => {
      checkEtag('a', 'b', 'it');
    }).toThrow(expect.objectContaining({ code: 'aborted' }));
  });
});

describe('what is required', () => {
  it('is said where it is missing', () => {
    expect(requireFound(7, 'it')).toBe(7);
    expect(() => requireFound(undefined, 'it')).toThrow('it does not exist');
    expect(() => {
      requireDetached(volumeId(1), sampleAttachment(1, 1, { isBoot: true }));
    }).toThrow('is attached');
    expect(() => {
      requireSettled(sampleInstance(1, { state: 'error' }));
    }).not.toThrow();
  });

  it('fills gaps first', () => {
    expect(lowestFree([])).toBe(0);
    expect(lowestFree([0, 1, 3])).toBe(2);
    expect(lowestFree([1])).toBe(0);
  });

  it('has one condition of a type', () => {
    const one = { type: 'A', reason: 'X', message: '', changeTimeMs: 1 };
    const other = { ...one, type: 'B' };

    expect(withCondition([one, other], { ...one, reason: 'Y' })).toEqual([
      other,
      { ...one, reason: 'Y' },
    ]);
  });
});
