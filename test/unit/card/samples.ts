// SPDX-License-Identifier: Apache-2.0

// Devices as tests describe them.

import type { DeviceOptions } from '../../../src/card/block-card.ts';
import type { CardServiceCounters } from '../../../src/card/bus/interface-counters.ts';
import type { FaultRule, LimitSet } from '../../../src/native/addons.ts';
import type { InterfaceCounters } from '../../../src/native/network-addon.ts';
import type {
  NativeFlowLogRecord,
  Trace,
  TraceQuestion,
} from '../../../src/native/network-watch.ts';

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
export function sampleInterfaceCounters(): InterfaceCounters {
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
    puntsLost: 12n,
    policy: {
      answers: 13n,
      punts: 14n,
      bwInAllowanceExceeded: 15n,
      bwOutAllowanceExceeded: 16n,
      ppsAllowanceExceeded: 17n,
      conntrackAllowanceExceeded: 18n,
      linklocalAllowanceExceeded: 19n,
      conntrackAllowanceAvailable: 20,
      drops: { 'security-group-in': 21n, malformed: 22n },
      faults: { 'ip-checksum': 22n },
    },
  };
}

/** What a card's services counted, each number another but where it is a sum. */
export function sampleServiceCounters(): CardServiceCounters {
  const traffic = {
    questions: 1n,
    questionsOverShare: 2n,
    questionsTooLong: 3n,
    answers: 4n,
    answersOverShare: 5n,
    answersTooLong: 6n,
  };
  return {
    services: {
      dhcp4: { asked: 6, answered: 1, noted: 2, dropped: 3 },
      dhcp6: { asked: 15, answered: 4, noted: 5, dropped: 6 },
      dns: { asked: 24, answered: 7, noted: 8, dropped: 9 },
      ntp: { asked: 33, answered: 10, noted: 11, dropped: 12 },
    },
    datagrams: traffic,
    streams: { ...traffic, questions: 7n },
  };
}

type Flow = Extract<NativeFlowLogRecord, { readonly status: 'OK' }>;

/** Some packets of a connection, as its sender's interface has them. */
export function sampleFlow(changes: Partial<Flow> = {}): Flow {
  return {
    status: 'OK',
    identity: 7n,
    start: 1_700_000_000n,
    end: 1_700_000_059n,
    source: '10.0.0.10',
    destination: '10.0.1.12',
    packetSource: '10.0.0.10',
    packetDestination: '10.0.1.12',
    direction: 'out',
    tcpFlags: 0,
    sourcePort: 20_641,
    destinationPort: 22,
    protocol: 6,
    packets: 20n,
    bytes: 4_249n,
    action: 'ACCEPT',
    ...changes,
  };
}

/** The first packet of a connection to a web server. */
export function sampleQuestion(changes: Partial<TraceQuestion> = {}): TraceQuestion {
  return {
    from: 3,
    destination: '10.0.1.11',
    protocol: 6,
    sourcePort: 49_152,
    destinationPort: 443,
    tcpFlags: 2,
    ...changes,
  };
}

/** One step of each stage; dropped in the end. */
export function sampleTrace(changes: Partial<Trace> = {}): Trace {
  const passes = { at: 3, direction: 'out', isAllowed: true, isTracked: false } as const;
  const route = { target: 'local', network: '10.0.0.0', prefixLength: 16 } as const;
  return {
    generation: 7n,
    steps: [
      { ...passes, stage: 'route', route },
      { ...passes, stage: 'connection' },
      { ...passes, stage: 'security-groups', isTracked: true, rule: 0x1_0001 },
      { ...passes, stage: 'acl', at: 4, direction: 'in', isAllowed: false, rule: 100 },
    ],
    outcome: 'drop',
    reason: 'acl-in',
    service: 'none',
    at: 4,
    ...changes,
  };
}
