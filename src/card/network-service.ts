// SPDX-License-Identifier: Apache-2.0

// A network card's end of its bus: what it is asked, done with the card of this process.

import type { Duplex } from 'node:stream';

import { ArgonError, assertNever } from '../base/errors.ts';
import { createLogger, type Logger } from '../base/log.ts';
import type { NetworkAddon } from '../native/network-addon.ts';
import type { Trace, TraceQuestion } from '../native/network-watch.ts';
import { type CardNetwork, parseCardNetwork } from '../network/card-network.ts';
import { parseIpAddress } from '../network/model/address.ts';
import type { CaptureReading } from './bus/captures.ts';
import {
  isForNetwork,
  type NetworkRequest,
  type PolicyPart,
  type SlotInterface,
} from './bus/interfaces.ts';
import type { CardAnswer } from './bus/messages.ts';
import { Captures } from './captures.ts';
import { type CardQuestion, type CardService, serveBus } from './conversation.ts';
import { FlowLogs } from './flow-logs.ts';
import { type NetworkCard, startNetworkCard } from './network-card.ts';
import { tryToOpenStreams } from './network-services.ts';

export interface NetworkSurroundings {
  /** The card's end of the backplane's slot channel, which it takes over. */
  readonly backplaneFd?: number;
}

/** As serveCard() of a block card. */
export async function serveNetworkCard(
  stream: Duplex,
  addon: NetworkAddon,
  surroundings: NetworkSurroundings = {},
): Promise<void> {
  await serveBus(stream, new NetworkService(addon, surroundings));
}

const done: CardAnswer = { kind: 'done' };

class NetworkService implements CardService {
  readonly #addon: NetworkAddon;
  // What the card takes over it has once.
  #surroundings: NetworkSurroundings;
  #card: NetworkCard | undefined;
  #flowLogs: FlowLogs | undefined;
  #captures: Captures | undefined;
  #logger: Logger | undefined;
  readonly #policy = new PolicyBuffer();
  /** The interface of each index. */
  readonly #interfaces = new Map<number, string>();

  constructor(addon: NetworkAddon, surroundings: NetworkSurroundings) {
    this.#addon = addon;
    this.#surroundings = surroundings;
  }

  async stop(): Promise<void> {
    const card = this.#card;
    this.#card = undefined;
    await this.#flowLogs?.[Symbol.asyncDispose]();
    await this.#captures?.[Symbol.asyncDispose]();
    await card?.[Symbol.asyncDispose]();
  }

  async handle(request: CardQuestion): Promise<CardAnswer> {
    if (request.method === 'ping') return done;
    if (!isForNetwork(request)) {
      throw new ArgonError('unimplemented', `a network card cannot ${request.method}`);
    }
    switch (request.method) {
      case 'startNetwork':
        await this.#start(request);
        return done;
      case 'addInterface':
        await this.#add(this.#started(), request.options);
        return done;
      case 'removeInterface':
        await this.#started().removeInterface(request.index);
        this.#interfaces.delete(request.index);
        // Before somebody else has the number, and when no capture of it can begin any more.
        await this.#captures?.removeInterface(request.index);
        return done;
      case 'interfaces': {
        const served = Array.from(this.#interfaces, ([index, id]) => ({ index, interface: id }));
        return { kind: 'interfaces', interfaces: served };
      }
      case 'setPolicy': {
        // Put together before anything is awaited: in the order in which the parts came.
        const policy = this.#policy.add(request);
        if (policy !== undefined) await this.#setNetwork(parseCardNetwork(policy));
        return done;
      }
      case 'interfaceCounters': {
        const counters = await this.#started().counters(request.index);
        return { kind: 'interfaceCounters', counters };
      }
      case 'serviceCounters': {
        const { services } = this.#started();
        const counters = { services: services.counters, ...services.traffic() };
        return { kind: 'serviceCounters', counters };
      }
      case 'flowLogs':
        return { kind: 'flowLogs', flowLogs: this.#flowLogs?.states() ?? [] };
      case 'uplinks':
        return { kind: 'uplinks', uplinks: this.#started().uplinks() };
      case 'trace':
        return { kind: 'trace', trace: await this.#trace(request.question) };
      case 'startCapture':
      case 'readCapture':
      case 'stopCapture':
        return { kind: 'capture', reading: await this.#capture(request) };
    }
    return assertNever(request);
  }

  async #start({
    options,
    logFile,
  }: Extract<NetworkRequest, { method: 'startNetwork' }>): Promise<void> {
    if (this.#card !== undefined) {
      throw new ArgonError('failed-precondition', 'the card is started already');
    }
    const logger = createLogger('card', 'info', logFile);
    this.#logger = logger;
    const surroundings = this.#surroundings;
    this.#surroundings = {};
    const { flowLogFolder, environment, ...place } = options;
    logger.info({ environment }, `the card is for ${environment}`);
    const card = startNetworkCard(this.#addon, { ...place, ...surroundings }, logger);
    this.#card = card;
    this.#captures = new Captures({ card, environment, logger });
    if (flowLogFolder !== undefined) this.#flowLogs = new FlowLogs(card, flowLogFolder, logger);
    await tryToOpenStreams(card.services, logger);
  }

  // Uplinks that cannot be made, which the card logs and tries again, and flow logs that cannot be
  // begun hold up no policy, which is in force by then.
  async #setNetwork(network: CardNetwork): Promise<void> {
    await this.#started().setNetwork(network);
    try {
      await this.#flowLogs?.setRecords(network.services);
    } catch (thrown) {
      this.#logger?.error({ err: thrown }, 'flow logs are not as they should be');
    }
  }

  async #add(card: NetworkCard, { interface: id, ...place }: SlotInterface): Promise<void> {
    await card.addInterface({ name: id, ...place, memoryPolicy: 'sealed' });
    this.#interfaces.set(place.index, id);
  }

  async #trace(question: TraceQuestion): Promise<Trace> {
    // The addon reads addresses that are ones.
    parseIpAddress(question.destination);
    if (question.source !== undefined) parseIpAddress(question.source);
    return this.#started().trace(question);
  }

  async #capture(
    request: Extract<
      NetworkRequest,
      { readonly method: 'startCapture' | 'readCapture' | 'stopCapture' }
    >,
  ): Promise<CaptureReading> {
    const captures = this.#captures;
    if (captures === undefined) throw notStarted();
    switch (request.method) {
      case 'startCapture':
        if (this.#interfaces.get(request.index) !== request.interface) {
          throw new ArgonError('not-found', `the card does not serve ${request.interface}`);
        }
        return captures.start(request);
      case 'readCapture':
        return captures.read(request.capture, request.offset);
      case 'stopCapture':
        return captures.stop(request.capture);
    }
    return assertNever(request);
  }

  #started(): NetworkCard {
    if (this.#card !== undefined) return this.#card;
    throw notStarted();
  }
}

function notStarted(): ArgonError {
  return new ArgonError('failed-precondition', 'the card is not started');
}

/** A policy, with what the services say under it, that comes in parts. */
class PolicyBuffer {
  #bytes = new Uint8Array(0);
  #length = 0;

  /**
   * The policy, if this part ends it.
   * @throws ArgonError invalid-argument for a part that does not follow what came before.
   */
  add({ totalBytes, offset, bytes }: PolicyPart): Uint8Array | undefined {
    if (offset === 0) {
      this.#bytes = new Uint8Array(totalBytes);
      this.#length = 0;
    }
    const isNext = offset === this.#length && totalBytes === this.#bytes.length;
    if (!isNext || offset + bytes.length > totalBytes) {
      throw new ArgonError('invalid-argument', 'a part of a policy is not the next one');
    }
    this.#bytes.set(bytes, offset);
    this.#length += bytes.length;
    if (this.#length < totalBytes) return undefined;
    const policy = this.#bytes;
    this.#bytes = new Uint8Array(0);
    this.#length = 0;
    return policy;
  }
}
