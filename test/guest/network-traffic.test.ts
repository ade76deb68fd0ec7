// SPDX-License-Identifier: Apache-2.0

// Goal: stock drivers move every byte right, whatever features each end has agreed to. Two guests,
// a pair of interfaces for each case; the cases have every two values of any two columns together
// in one of them at least, a sender's and a receiver's above all.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type NetEnd, NetPair, runAt, type Side } from './support/net-pair.ts';

const offloads = ['none', 'csum', 'tso'] as const;
type Offload = (typeof offloads)[number];
const switches = ['mrg', 'event', 'indirect', 'mq', 'packed'] as const;
type Switch = (typeof switches)[number];

interface Mask {
  /** What the driver may leave to the device. */
  readonly send: Offload;
  /** What the device may leave to the driver. */
  readonly receive: Offload;
  /** Features that are on; the others are off. */
  readonly on: readonly Switch[];
}

function mask(send: Offload, receive: Offload, ...on: readonly Switch[]): Mask {
  return { send, receive, on };
}

const cases: readonly (readonly [mtu: 1500 | 9001, left: Mask, right: Mask])[] = [
  [1500, mask('none', 'none', 'mrg', 'event', 'mq'), mask('csum', 'tso', 'mq')],
  [1500, mask('csum', 'csum', 'event', 'indirect'), mask('none', 'tso', 'mq')],
  [
    1500,
    mask('csum', 'tso', 'event', 'mq', 'packed'),
    mask('csum', 'csum', 'event', 'indirect', 'mq'),
  ],
  [1500, mask('tso', 'none', 'mrg', 'mq', 'packed'), mask('none', 'csum', 'mrg', 'packed')],
  [
    1500,
    mask('tso', 'csum', 'mrg', 'packed'),
    mask('csum', 'none', 'mrg', 'indirect', 'mq', 'packed'),
  ],
  [
    1500,
    mask('tso', 'tso', 'indirect', 'packed'),
    mask('tso', 'tso', 'mrg', 'event', 'indirect', 'mq'),
  ],
  [9001, mask('none', 'csum', 'mq'), mask('tso', 'csum', 'event', 'indirect')],
  [
    9001,
    mask('none', 'tso', 'event', 'indirect', 'mq'),
    mask('none', 'none', 'event', 'indirect', 'mq'),
  ],
  [
    9001,
    mask('none', 'tso', 'mrg', 'event', 'indirect', 'packed'),
    mask('tso', 'tso', 'mrg', 'packed'),
  ],
  [9001, mask('csum', 'none', 'mrg', 'indirect'), mask('tso', 'none', 'mrg', 'event', 'packed')],
  [9001, mask('tso', 'none', 'event', 'indirect'), mask('csum', 'csum', 'indirect', 'packed')],
];

// Behind those of the masks.
const queuesCase = cases.length;
const loadCase = cases.length + 1;
const caseCount = cases.length + 2;

const everything = mask('tso', 'tso', 'mrg', 'event', 'indirect', 'mq');

/** In QEMU's words. */
function propertiesOf({ send, receive, on }: Mask): Readonly<Record<string, boolean>> {
  const has = (name: Switch): boolean => on.includes(name);
  return {
    csum: send !== 'none',
    host_tso4: send === 'tso',
    host_tso6: send === 'tso',
    guest_csum: receive !== 'none',
    guest_tso4: receive === 'tso',
    guest_tso6: receive === 'tso',
    mrg_rxbuf: has('mrg'),
    event_idx: has('event'),
    indirect_desc: has('indirect'),
    mq: has('mq'),
    packed: has('packed'),
  };
}

// Bits of virtio 1.2, 5.1.3 and 6.
const bits: Readonly<Record<string, number>> = {
  csum: 0,
  guest_csum: 1,
  guest_tso4: 7,
  guest_tso6: 8,
  host_tso4: 11,
  host_tso6: 12,
  mrg_rxbuf: 15,
  mq: 22,
  indirect_desc: 28,
  event_idx: 29,
  packed: 34,
};

/** What driver and device have agreed on, as far as masks speak of it. */
async function agreedAt(end: NetEnd): Promise<Readonly<Record<string, boolean>>> {
  const text = await runAt(end, `cat /sys/class/net/${end.nic}/device/features`);
  return Object.fromEntries(Object.entries(bits).map(([name, bit]) => [name, text[bit] === '1']));
}

const fileBytes = 3_000_000;

/** Each end fetches the other's file, both at once, and finds what was sent. */
async function exchange(left: NetEnd, right: NetEnd, family: 'ipv4' | 'ipv6'): Promise<void> {
  const digestAt = async (end: NetEnd): Promise<string> => runAt(end, 'sha256sum </www/data');
  const fetched = async (end: NetEnd, from: NetEnd): Promise<string> => {
    const host = family === 'ipv4' ? from.ipv4 : `[${from.ipv6}]`;
    return runAt(end, `wget -q -O - http://${host}:8000/data | sha256sum`);
  };
  const [atLeft, atRight] = await Promise.all([fetched(left, right), fetched(right, left)]);
  expect(atLeft).toBe(await digestAt(right));
  expect(atRight).toBe(await digestAt(left));
}

async function pings(from: NetEnd, address: string, bytes: number): Promise<void> {
  // One is enough; more are sent where the first ones wait for address resolution.
  await runAt(from, `ping -c 20 -i 0.2 -w 100 -s ${bytes} ${address} | grep 'bytes from' -m 1`);
}

let pair: NetPair;
const serving = new Set<NetEnd['guest']>();

/** The case's ends; their guests serve a file each. */
async function plugged(
  index: number,
  mtu: number,
  masks: Readonly<Record<Side, Mask>>,
): Promise<Readonly<Record<Side, NetEnd>>> {
  const ends = await pair.plug(index, {
    mtu,
    properties: { left: propertiesOf(masks.left), right: propertiesOf(masks.right) },
  });
  for (const end of [ends.left, ends.right]) {
    if (serving.has(end.guest)) continue;
    serving.add(end.guest);
    await runAt(
      end,
      `mkdir /www && head -c ${fileBytes} /dev/urandom >/www/data && httpd -p 8000 -h /www`,
    );
  }
  return ends;
}

describe('two guests with stock drivers', () => {
  beforeAll(async () => {
    pair = await NetPair.create(caseCount);
  });

  afterAll(async () => {
    await pair[Symbol.asyncDispose]();
  });

  it.for(cases.map((one, index) => [index, ...one] as const))(
    'agree on case %i and lose no byte',
    async ([index, mtu, leftMask, rightMask]) => {
      const masks = { left: leftMask, right: rightMask };
      const { left, right } = await plugged(index, mtu, masks);

      expect(await agreedAt(left)).toEqual(propertiesOf(leftMask));
      expect(await agreedAt(right)).toEqual(propertiesOf(rightMask));
      await pings(left, right.ipv4, 56);
      await pings(right, left.ipv6, mtu - 100);
      await exchange(left, right, 'ipv4');
      await exchange(left, right, 'ipv6');
    },
  );

  it('use both pairs of rings, also when the second one is turned off and on', async () => {
    const { left, right } = await plugged(queuesCase, 1500, {
      left: everything,
      right: everything,
    });

    const sentBy = async (queue: number): Promise<number> => {
      const text = await runAt(left, `ethtool -S ${left.nic}`);
      return Number(new RegExp(`tx_queue_${queue}_packets: (\\d+)`).exec(text)?.[1]);
    };
    const pingFrom = async (cpu: number): Promise<void> => {
      await runAt(left, `taskset ${1 << cpu} ping -c 20 -A -w 100 ${right.ipv4}`);
    };
    // What a CPU sends goes out by its own ring.
    for (const cpu of [0, 1]) {
      const before = await sentBy(cpu);
      await pingFrom(cpu);
      expect(await sentBy(cpu)).toBeGreaterThanOrEqual(before + 20);
    }
    await runAt(left, `ethtool -L ${left.nic} combined 1`);
    await pingFrom(1);
    await exchange(left, right, 'ipv4');
    await runAt(left, `ethtool -L ${left.nic} combined 2`);
    await pingFrom(1);
    await exchange(left, right, 'ipv4');
  });

  it('carry TCP and UDP of iperf3 both ways, with small and with large packets', async () => {
    const { left, right } = await plugged(loadCase, 9001, { left: everything, right: everything });
    await runAt(right, 'iperf3 --server --daemon; until netstat -ltn | grep -q :5201; do :; done');

    for (const mtu of [1500, 9001]) {
      for (const end of [left, right]) await runAt(end, `ip link set ${end.nic} mtu ${mtu}`);
      for (const protocol of ['', '--udp --bitrate 20M']) {
        for (const direction of ['', '--reverse']) {
          const words = `${protocol} ${direction} --time 1 --json`;
          const text = await runAt(left, `iperf3 --client ${right.ipv4} ${words}`);
          const { end } = JSON.parse(text) as IperfResult;
          const received = (end.sum_received ?? end.sum)?.bytes ?? 0;
          expect(received, words).toBeGreaterThan(mtu);
        }
      }
    }
  });
});

interface IperfResult {
  readonly end: {
    readonly sum?: { readonly bytes: number };
    readonly sum_received?: { readonly bytes: number };
  };
}

// Of the table alone: it is what "every mask" comes to.
describe('the cases of masks', () => {
  it('have every two values of any two columns together', () => {
    const rows = cases.map(([mtu, left, right]) =>
      [left, right].reduce<readonly string[]>(
        (row, { send, receive, on }) => [
          ...row,
          send,
          receive,
          ...switches.map((name) => String(on.includes(name))),
        ],
        [String(mtu)],
      ),
    );
    const width = rows[0]?.length ?? 0;
    const columns = Array.from({ length: width }, (_, index) => index);
    const valuesOf = (column: number): ReadonlySet<string> =>
      new Set(rows.map((row) => row[column] ?? ''));
    const missing: string[] = [];
    for (const one of columns) {
      for (const other of columns.slice(one + 1)) {
        const seen = new Set(rows.map((row) => [row[one], row[other]].join(' ')));
        for (const value of valuesOf(one)) {
          for (const otherValue of valuesOf(other)) {
            if (!seen.has(`${value} ${otherValue}`)) {
              missing.push(`${one}=${value} ${other}=${otherValue}`);
            }
          }
        }
      }
    }
    expect(missing).toEqual([]);
    const sideWidths = [3, 3, 2, 2, 2, 2, 2];
    const widths = [2, ...sideWidths, ...sideWidths];
    expect(columns.map((column) => valuesOf(column).size)).toEqual(widths);
  });
});
