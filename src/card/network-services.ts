// SPDX-License-Identifier: Apache-2.0

// The services of a network card: takes questions from the engine and has them answered, and runs
// the servers of the namespace in which those over TCP end. All of it on the main thread, between
// its other work: a turn takes at most as many questions as the native side hands out at once.

import type { Server, Socket } from 'node:net';

import { ArgonError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import { native } from '../native/error-kind.ts';
import type { NativeServices, ServiceTraffic } from '../native/network-addon.ts';
import { addressValue, parseIpAddress } from '../network/model/address.ts';
import { createDnsServer } from '../network/services/dns-server.ts';
import { HostClock, type NtpSource } from '../network/services/host-clock.ts';
import { MetadataHandler } from '../network/services/metadata/handler.ts';
import { createMetadataServer } from '../network/services/metadata/http-server.ts';
import {
  type CardDirectory,
  createCardDirectory,
  type ServiceRecords,
} from '../network/services/service-records.ts';
import {
  LinkLocalServices,
  type ServiceCounters,
  type ServiceName,
} from '../network/services/services.ts';

export interface NetworkServices extends AsyncDisposable {
  /** From now on answers are by these records. Before the first nobody gets one. */
  setRecords(records: ServiceRecords): void;
  /**
   * Opens the services over TCP: metadata, and DNS for long answers. Once.
   * @throws ArgonError permission-denied without root's rights; the other services go on.
   */
  openStreams(): Promise<void>;
  readonly counters: Readonly<Record<ServiceName, ServiceCounters>>;
  traffic(): { readonly datagrams: ServiceTraffic; readonly streams: ServiceTraffic };
}

/** What the services need of a card. */
export interface ServiceHost {
  readonly card: NativeServices;
  setHopLimit(fd: number, hopLimit: number): void;
}

// The host's clock is as good as whoever sets it says; Argon does not ask. RFC 5905 calls a clock
// that is only its own a local one; the stratum says that real ones are to be preferred.
const localClock: NtpSource = {
  leap: 0,
  stratum: 10,
  precisionExponent: -20,
  rootDelayMs: 0,
  rootDispersionMs: 10,
  referenceId: Buffer.from('LOCL'),
};

/** Begins to answer at once; stops when the card has stopped. */
export function startNetworkServices(host: ServiceHost): NetworkServices {
  const services = new LinkLocalServices(new HostClock(localClock));
  const servers: Server[] = [];
  const connections = new Set<Socket>();
  let directory: CardDirectory | undefined;
  let isOpen = true;

  const answerQuestions = (): void => {
    if (!isOpen) return;
    const { questions, hasMore } = host.card.takeQuestions();
    for (const { index, service, frame } of questions) {
      const asker = directory?.askerAt(index);
      const answer = asker && services.answer(service, frame, asker);
      if (answer !== undefined) host.card.answer(index, answer);
    }
    // Others of this thread have their turn between.
    if (hasMore) setImmediate(answerQuestions);
  };
  host.card.serveQuestions(answerQuestions);

  const metadata = new MetadataHandler(() => performance.now());
  const makers = {
    metadata: () =>
      createMetadataServer(metadata, {
        instanceOf: (socket) => directory?.instanceAt(peerIndex(socket)),
        setHopLimit: (socket, hopLimit) => {
          const fd = descriptorOf(socket);
          if (fd !== undefined) host.setHopLimit(fd, hopLimit ?? 0);
        },
      }),
    resolver: () =>
      createDnsServer((socket) => {
        const asker = directory?.askerAt(peerIndex(socket));
        if (asker?.names === undefined) return undefined;
        return { interfaceId: asker.interface.interfaceId, names: asker.names };
      }),
  };

  return {
    setRecords: (records) => {
      directory = createCardDirectory(records);
    },
    openStreams: async () => {
      const sockets = await native(host.card.openStreams(), streamsHint);
      for (const kind of ['metadata', 'resolver'] as const) {
        for (const fd of sockets[kind]) {
          const server = makers[kind]();
          servers.push(server);
          server.on('connection', (socket: Socket) => {
            connections.add(socket);
            socket.once('close', () => connections.delete(socket));
          });
          await listen(server, fd);
        }
      }
    },
    get counters() {
      return services.counters;
    },
    traffic: () => host.card.serviceTraffic(),
    [Symbol.asyncDispose]: async () => {
      isOpen = false;
      const closed = servers.splice(0).map(close);
      for (const socket of connections) socket.destroy();
      await Promise.all(closed);
    },
  };
}

/** Opens the services over TCP, or says why it could not: guests have all others without them. */
export async function tryToOpenStreams(services: NetworkServices, logger: Logger): Promise<void> {
  try {
    await services.openStreams();
  } catch (thrown) {
    const { message, hint } = ArgonError.from(thrown);
    logger.warn(`${message}: ${hint ?? ''}`);
  }
}

const streamsHint = 'metadata and DNS over TCP need root; everything else works without them';

/**
 * The number of the interface at the other end, from the address that it has in the namespace
 * (native/network/peer_addresses.h): 12 bits above 10 others. -1 for a socket that has been closed.
 */
function peerIndex({ remoteAddress }: Socket): number {
  if (remoteAddress === undefined) return -1;
  const number = addressValue(parseIpAddress(remoteAddress)) & 0x3f_ffffn;
  return Number(number >> 10n);
}

/** The descriptor of a socket, which node:net has no other way to tell. */
function descriptorOf(socket: Socket): number | undefined {
  const handle: unknown = Reflect.get(socket, '_handle');
  const fd: unknown =
    typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'fd') : undefined;
  return typeof fd === 'number' && fd >= 0 ? fd : undefined;
}

async function listen(server: Server, fd: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen({ fd }, resolve);
  await promise;
}

async function close(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => {
    resolve();
  });
  await promise;
}
