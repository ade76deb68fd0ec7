// SPDX-License-Identifier: Apache-2.0

import { once } from 'node:events';
import { duplexPair } from 'node:stream';

import { describe, expect, it } from 'vitest';

import { CardBus } from '../../../src/card/bus/client.ts';
import { encodeRequestFrame, FrameDecoder } from '../../../src/card/bus/frames.ts';
import type { NetworkRequest } from '../../../src/card/bus/interfaces.ts';
import { encodeRequest, parseAnswer } from '../../../src/card/bus/messages.ts';
import { serveNetworkCard } from '../../../src/card/network-service.ts';
import { encodeCardNetwork } from '../../../src/network/card-network.ts';
import { sampleServiceRecords } from '../network/services/samples.ts';
import { FakeNetworkAddon } from './fake-network-addon.ts';
import { sampleDevice, sampleInterfaceCounters, sampleQuestion } from './samples.ts';

const scope = { signal: AbortSignal.timeout(300_000) };
const engine = { pollMode: 'off', cpus: [] } as const;
const options = { ...engine, environment: 'test' } as const;
const logFile = '/dev/null';
const one = { interface: 'eni-00000000000000001', index: 5, pairs: 2, slot: 5 } as const;

function withServices(policy: Uint8Array): Uint8Array {
  return encodeCardNetwork({ policy, services: sampleServiceRecords() });
}

function serve(addon = new FakeNetworkAddon()): {
  readonly addon: FakeNetworkAddon;
  readonly bus: CardBus;
  readonly serving: Promise<void>;
} {
  const [ours, theirs] = duplexPair();
  const serving = serveNetworkCard(theirs, addon, { backplaneFd: 9 });
  return { addon, bus: new CardBus(ours), serving };
}

describe('serveNetworkCard', () => {
  it('starts a card on its slot channel, and stops it with the bus', async () => {
    const { addon, bus, serving } = serve();
    await bus.startNetwork(options, logFile, scope);
    await bus.ping(scope);

    await bus.addInterface(one, scope);
    expect(await bus.interfaces(scope)).toEqual([{ interface: one.interface, index: 5 }]);
    expect(await bus.interfaceCounters(5, scope)).toEqual(sampleInterfaceCounters());
    const { services, streams } = await bus.serviceCounters(scope);
    expect(services.dns).toEqual({ asked: 0, answered: 0, noted: 0, dropped: 0 });
    expect(streams.questions).toBe(0n);
    await bus.removeInterface(5, scope);
    expect(await bus.interfaces(scope)).toEqual([]);
    bus.close();
    await serving;

    const served = { name: one.interface, index: 5, pairs: 2, slot: 5, memoryPolicy: 'sealed' };
    expect(addon.calls).toEqual([{ ...engine, backplaneFd: 9 }, served, 'remove 5', 'stop']);
  });

  it('puts a policy in force that came in parts, once', async () => {
    const { addon, bus, serving } = serve();
    await bus.startNetwork(options, logFile, scope);
    const policy = Uint8Array.from({ length: 40_000 }, (_, index) => index % 241);

    await bus.setPolicy(withServices(policy), scope);
    await bus.setPolicy(withServices(Uint8Array.of(7)), scope);

    expect(addon.policies.map((bytes) => Buffer.from(bytes).toString('hex'))).toEqual([
      Buffer.from(policy).toString('hex'),
      '07',
    ]);
    bus.close();
    await serving;
  });

  it('forgets a policy that another one began after', async () => {
    const addon = new FakeNetworkAddon();
    const [ours, theirs] = duplexPair();
    const serving = serveNetworkCard(theirs, addon);
    const decoder = new FrameDecoder();
    const ask = async (body: NetworkRequest): Promise<void> => {
      ours.write(encodeRequestFrame(encodeRequest({ number: 1, body })));
      const [chunk] = (await once(ours, 'data')) as [Buffer];
      expect(decoder.push(chunk).map((frame) => parseAnswer(frame).body.kind)).toEqual(['done']);
    };
    await ask({ method: 'startNetwork', options, logFile });

    const bytes = withServices(Uint8Array.of(2, 3));
    const whole = { method: 'setPolicy', totalBytes: bytes.length } as const;
    await ask({ method: 'setPolicy', totalBytes: 3, offset: 0, bytes: Uint8Array.of(1) });
    await ask({ ...whole, offset: 0, bytes: bytes.subarray(0, 5) });
    await ask({ ...whole, offset: 5, bytes: bytes.subarray(5) });

    expect(addon.policies.map((policy) => [...policy])).toEqual([[2, 3]]);
    ours.destroy();
    await serving;
  });

  it('traces packets, whose addresses are ones', async () => {
    const { addon, bus, serving } = serve();
    await bus.startNetwork(options, logFile, scope);
    const question = sampleQuestion({ source: '10.0.1.10' });

    expect(await bus.trace(question, scope)).toMatchObject({ outcome: 'deliver', at: 1 });
    for (const changes of [{ destination: '10.0.0.256' }, { source: 'fd00::1::2' }]) {
      await expect(bus.trace({ ...question, ...changes }, scope)).rejects.toMatchObject({
        code: 'invalid-argument',
      });
    }

    expect(addon.cards[0]?.asked).toEqual([question]);
    bus.close();
    await serving;
  });

  it('captures headers of what it serves, until that is served no more', async () => {
    const { addon, bus, serving } = serve();
    await bus.startNetwork(options, logFile, scope);
    const card = addon.cards[0];
    if (card === undefined) throw new Error('there is a card');
    card.captured = new Uint8Array();
    const capture = 'cap-00000000000000001';
    const { interface: id, index } = one;
    const bounds = { framesMax: 5, bytesMax: 4_096, secondsMax: 60 };
    const start = async (): Promise<object> =>
      bus.startCapture({ capture, interface: id, index, ...bounds }, scope);
    await expect(start()).rejects.toMatchObject({ code: 'not-found' });
    await bus.addInterface(one, scope);

    expect(await start()).toMatchObject({ end: undefined });
    expect(await bus.readCapture(capture, 0, scope)).toMatchObject({ frames: 0 });
    await bus.removeInterface(index, scope);
    expect(await bus.readCapture(capture, 0, scope)).toMatchObject({ end: 'interface-gone' });
    await bus.addInterface(one, scope);
    await start();
    expect(await bus.stopCapture(capture, scope)).toMatchObject({ end: 'stopped' });

    expect(card.asked.slice(0, 2)).toEqual([{ environment: 'test', only: 5 }, { names: [id] }]);
    bus.close();
    await serving;
  });

  it('asks for captures as the host is for production, whatever it is asked', async () => {
    const { addon, bus, serving } = serve();
    await bus.startNetwork({ ...engine, environment: 'production' }, logFile, scope);
    await bus.addInterface(one, scope);
    const bounds = { framesMax: 5, bytesMax: 4_096, secondsMax: 60 };
    const capture = 'cap-00000000000000001';

    // The fake lets everything through; the addon refuses it, as its own tests say.
    await bus.startCapture({ capture, interface: one.interface, index: 5, ...bounds }, scope);

    expect(addon.cards[0]?.asked[0]).toEqual({ environment: 'production', only: 5 });
    bus.close();
    await serving;
  });

  it('refuses what is out of turn, and what block cards are asked', async () => {
    const { bus, serving } = serve();
    await expect(bus.addInterface(one, scope)).rejects.toMatchObject({
      code: 'failed-precondition',
    });
    await bus.startNetwork(options, logFile, scope);

    await expect(bus.startNetwork(options, logFile, scope)).rejects.toMatchObject({
      code: 'failed-precondition',
    });
    await expect(bus.addDevice(sampleDevice(), scope)).rejects.toMatchObject({
      code: 'unimplemented',
    });
    bus.close();
    await serving;
  });
});
