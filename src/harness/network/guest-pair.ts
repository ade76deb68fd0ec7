// SPDX-License-Identifier: Apache-2.0

// Two guests between which back ends are measured: iperf3 from the first to the second. Each back
// end has an interface of its own in both, and only those of the one whose turn it is are up.

import { type Cancellable, pollUntil } from '../../base/deadline.ts';
import { ArgonError } from '../../base/errors.ts';
import { parseJson, parseObject } from '../../base/parse.ts';
import { parsePciSlot } from '../../qemu/profile.ts';
import { netEndText } from './ends.ts';
import { NetGuest, type NetGuestOptions, type NetLink } from './net-guest.ts';

/** Between two interfaces of the guests. */
export interface NetGuestPath {
  /** Bits a second that the second guest got by one stream of TCP, meanwhile the path is up. */
  carry(durationMs: number, scope: Cancellable): Promise<number>;
}

export interface NetGuestPair extends AsyncDisposable {
  /**
   * Plugs an interface into each guest: ends 2 × `number` and 2 × `number` + 1 of `netEnd`.
   * @throws ArgonError unavailable if no stream passes between them.
   */
  connect(
    number: number,
    links: readonly [NetLink, NetLink],
    scope: Cancellable,
  ): Promise<NetGuestPath>;
}

export type NetGuestPairOptions = Omit<NetGuestOptions, 'name' | 'consoleLog'> & {
  /** The consoles' logs, of the first and the second guest. */
  readonly consoleLogs: readonly [string, string];
  readonly mtu: number;
};

const checkMs = 1000;
const pingMs = 200;
const pingsMax = 60;
// A connection that is lost in a back end has no other end.
const carryGraceSeconds = 60;
// One for each stream: a client that was lost keeps its server busy.
const startServer = `killall -q -9 iperf3
  while pidof iperf3 >/dev/null; do sleep 0.1; done
  iperf3 --server --daemon --one-off
  until netstat -ltn | grep -q :5201; do sleep 0.1; done`;

export async function startNetGuestPair(options: NetGuestPairOptions): Promise<NetGuestPair> {
  const { consoleLogs, mtu, ...machine } = options;
  await using stack = new AsyncDisposableStack();
  const start = async (name: string, consoleLog: string): Promise<NetGuest> =>
    stack.use(await NetGuest.start({ ...machine, name, consoleLog }));
  const source = await start('source', consoleLogs[0]);
  const target = await start('target', consoleLogs[1]);
  const owned = stack.move();
  return {
    connect: async (number, [sourceLink, targetLink], scope) => {
      const slot = parsePciSlot(number, options.profile);
      const plug = async (guest: NetGuest, end: number, link: NetLink): Promise<GuestEnd> => {
        const { mac: macAddress, address } = netEndText(end);
        const id = `nic${number}`;
        const nic = await guest.plug({ id, slot, macAddress, link }, scope);
        await guest.run(
          `ip link set ${nic} mtu ${mtu} && ip addr add ${address}/20 dev ${nic}`,
          scope,
        );
        return { guest, nic, address };
      };
      // The second first: it is the server of a stream.
      const targetEnd = await plug(target, 2 * number + 1, targetLink);
      const path = new GuestPath(await plug(source, 2 * number, sourceLink), targetEnd);
      await path.check(scope);
      return path;
    },
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  };
}

interface GuestEnd {
  readonly guest: NetGuest;
  readonly nic: string;
  readonly address: string;
}

class GuestPath implements NetGuestPath {
  readonly #source: GuestEnd;
  readonly #target: GuestEnd;

  constructor(source: GuestEnd, target: GuestEnd) {
    this.#source = source;
    this.#target = target;
  }

  // Some that answer pings carry no TCP: segments and checksums that nobody completes.
  async check(scope: Cancellable): Promise<void> {
    try {
      await this.carry(checkMs, scope);
    } catch (cause) {
      scope.signal.throwIfAborted();
      const message = 'no stream of TCP passes between two guests';
      throw new ArgonError('unavailable', message, { cause });
    }
  }

  async carry(durationMs: number, scope: Cancellable): Promise<number> {
    await using _ = await this.#up(scope);
    await this.#target.guest.run(startServer, scope);
    const seconds = Math.ceil(durationMs / 1000);
    const words = `iperf3 --client ${this.#target.address} --time ${seconds} --json`;
    const limited = `timeout ${seconds + carryGraceSeconds} ${words}`;
    return receivedRate(await this.#source.guest.run(limited, scope));
  }

  async #up(scope: Cancellable): Promise<AsyncDisposable> {
    const ends = [this.#source, this.#target];
    const set = async (state: 'up' | 'down'): Promise<void> => {
      for (const { guest, nic } of ends) await guest.run(`ip link set ${nic} ${state}`, scope);
    };
    await using stack = new AsyncDisposableStack();
    stack.defer(async () => set('down'));
    await set('up');
    let count = 0;
    await pollUntil(
      async () => {
        const line = `ping -c 1 -W 1 ${this.#target.address} >/dev/null && echo answered || true`;
        if ((await this.#source.guest.run(line, scope)) !== '') return true;
        count += 1;
        if (count < pingsMax) return undefined;
        throw new ArgonError('unavailable', 'no ping passes between two guests');
      },
      'waiting for a guest to answer the other',
      { ...scope, intervalMs: pingMs },
    );
    return stack.move();
  }
}

/** Bits a second that the server of iperf3 got, from what its client says in JSON. */
export function receivedRate(text: string): number {
  // untrusted: what a guest says.
  const result = parseObject(parseJson(text, 'what iperf3 says'), 'what iperf3 says');
  const received = parseObject(parseObject(result['end'], 'its end')['sum_received'], 'its sum');
  const rate = received['bits_per_second'];
  if (typeof rate === 'number') return rate;
  throw new ArgonError('data-loss', 'iperf3 does not say what came');
}
