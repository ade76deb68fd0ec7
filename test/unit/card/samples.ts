// SPDX-License-Identifier: Apache-2.0

// Devices as tests describe them.

import type { DeviceOptions } from '../../../src/card/block-card.ts';
import type { InterfaceCounts } from '../../../src/card/bus/interfaces.ts';
import type { FaultRule, LimitSet } from '../../../src/native/addons.ts';

/** A megabyte of memory; nothing native is behind it. */
export function sampleDevice(changes: Partial<DeviceOptions> = {}): DeviceOptions {
  return {
    id: 'vol0123456789abcdef0',
    queues: 1,
    blockBytes: 512,
    isReadOnly: false,
    socketPath: '/run/b.sock',
    memoryPolicy: 'sealed',
    store: { kind: 'memory', sizeBytes: 1_048_576n },
    cipher: { kind: 'none' },
    ...changes,
  };
}

/** The same in a slot of a backplane. */
export function sampleSlotDevice(slot: number): DeviceOptions {
  const { socketPath: _, ...device } = sampleDevice();
  return { ...device, slot };
}

export function sampleVolumeDevice(): DeviceOptions {
  return sampleDevice({
    store: { kind: 'file', path: '/state/vol/data', caching: 'auto', expectedBytes: 1_048_576n },
    cipher: {
      kind: 'volume-key',
      masterKeyPath: '/state/keys/master.key',
      wrappedKey: new Uint8Array(96).fill(0xa5),
      mapPath: '/state/vol/map',
    },
  });
}

/** A thousand operations a second, and no other limit. */
export function sampleLimits(): LimitSet {
  const none = { perSecond: 0n, burst: 0n };
  return {
    readOperations: none,
    writeOperations: none,
    totalOperations: { perSecond: 1_000n, burst: 10n },
    readBytes: none,
    writeBytes: none,
    totalBytes: none,
  };
}

/** Every read and write fails. */
export function sampleFault(changes: Partial<FaultRule> = {}): FaultRule {
  return {
    layer: 'device',
    operations: 3,
    firstByte: 0n,
    endByte: 0n,
    nth: 0n,
    every: 0n,
    times: 0n,
    chancePpm: 0,
    action: 'error',
    delay: { shape: 'fixed', baseNs: 0n, spreadNs: 0n },
    ...changes,
  };
}

/** What an interface counted, each number another. */
export function sampleInterfaceCounts(): InterfaceCounts {
  return {
    txFrames: 1n,
    txBytes: 2n,
    txMalformed: 3n,
    txUnreachable: 4n,
    rxFrames: 5n,
    rxBytes: 6n,
    rxOverruns: 7n,
    rxUnfit: 8n,
    brokenRings: 9n,
    kicks: 10n,
    calls: 11n,
  };
}
