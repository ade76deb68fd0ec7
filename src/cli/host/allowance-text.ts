// SPDX-License-Identifier: Apache-2.0

// What the network interfaces of an instance share, in words of a command line:
// `in=100MiB,packets=20000:500,connections=1000`.

import type { Rate } from '../../api/generated/argon/v1/common.ts';
import type { NetworkAllowance } from '../../api/generated/argon/v1/instances.ts';
import type { Init } from '../../api/schema.ts';
import { parseBytes } from '../../base/byte-size.ts';
import { ArgonError } from '../../base/errors.ts';
import { suggestHint } from '../../base/suggest.ts';
import { itemsOf } from './network-text.ts';

const words = ['in', 'out', 'packets', 'connections', 'services'] as const;
// The bounds of the fields.
const countMax = 1_048_576;

/**
 * The allowance that there is with what a text changes of it; `none` is that of a new instance.
 * @throws ArgonError invalid-argument, naming the part that is wrong.
 */
export function changeNetworkAllowance(
  current: NetworkAllowance | undefined,
  text: string,
): Init<NetworkAllowance> {
  if (text === 'none') return {};
  let allowance: Init<NetworkAllowance> = current ?? {};
  const seen = new Set<string>();
  for (const item of itemsOf(text)) {
    const [word = '', value = '', ...more] = item.split('=');
    if (value === '' || more.length > 0) throw wrong(`"${item}" is no allowance`);
    if (seen.has(word)) throw wrong(`${word} is there twice`);
    seen.add(word);
    allowance = { ...allowance, ...partOf(word, value) };
  }
  return allowance;
}

function partOf(word: string, value: string): Init<NetworkAllowance> {
  switch (word) {
    case 'in':
      return { bytesIn: rateOf(word, value, sizeOf) };
    case 'out':
      return { bytesOut: rateOf(word, value, sizeOf) };
    case 'packets':
      return { packets: rateOf(word, value, countOf) };
    case 'connections':
      return { connections: smallCountOf(word, value) };
    case 'services':
      return { servicePackets: smallCountOf(word, value) };
    default:
      throw new ArgonError('invalid-argument', `there is no allowance of "${word}"`, {
        hint: suggestHint(word, words),
      });
  }
}

type Reader = (word: string, text: string) => bigint;

function rateOf(word: string, value: string, read: Reader): Rate {
  if (value === 'none') return { perSecond: 0n, burst: 0n };
  const [rate = '', burst, ...more] = value.split(':');
  if (more.length > 0) throw wrong(`${word}=${value} has more than a rate and a burst`);
  const perSecond = read(word, rate);
  if (perSecond === 0n) throw wrong(`${word}=0 would let nothing through`);
  // As with limits of block devices: a tenth of a second's worth.
  return { perSecond, burst: burst === undefined ? perSecond / 10n : read(word, burst) };
}

function sizeOf(_word: string, text: string): bigint {
  return BigInt(parseBytes(text));
}

function countOf(word: string, text: string): bigint {
  if (!/^\d{1,15}$/.test(text)) throw wrong(`${word} is "${text}", which is not a count`);
  return BigInt(text);
}

// 0 stands for the default on the wire.
function smallCountOf(word: string, text: string): number {
  const count = Number(countOf(word, text));
  if (count >= 1 && count <= countMax) return count;
  throw wrong(`${word} is ${count}, outside 1 to ${countMax}`);
}

function wrong(message: string): ArgonError {
  return new ArgonError('invalid-argument', message, {
    hint: 'for example in=100MiB,out=100MiB:20MiB,packets=20000,connections=1000, or none',
  });
}
