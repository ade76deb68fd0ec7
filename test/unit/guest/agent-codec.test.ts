// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { AgentDecoder, encodeAgentCommand, encodeSync } from '../../../src/guest/agent-codec.ts';

const ff = Buffer.of(0xff);

describe('AgentDecoder', () => {
  it.each([
    ['a return', '{"return": {"pid": 4}}\n', { kind: 'return', value: { pid: 4 } }],
    [
      'an error',
      '{"error": {"class": "CommandNotFound", "desc": "no"}}\n',
      { kind: 'error', agentClass: 'CommandNotFound', description: 'no' },
    ],
    [
      'an error without its members',
      '{"error": {}}\n',
      { kind: 'error', agentClass: 'GenericError', description: 'no reason given' },
    ],
    ['half a line', 'rn": {}}\n', { kind: 'garbage' }],
    ['an object of no kind', '{"event": 1}\n', { kind: 'garbage' }],
    ['no object', '5\n', { kind: 'garbage' }],
    ['a line that is too long', `${'x'.repeat(101)}\n`, { kind: 'too-long' }],
  ])('reads %s', (_what, line, message) => {
    expect(new AgentDecoder(100).push(Buffer.from(line))).toEqual([message]);
  });

  it('forgets half a line before a delimiter, wherever the chunks end', () => {
    const bytes = Buffer.concat([
      Buffer.from('{"return": {"stale'),
      ff,
      Buffer.from('{"return": 7}\n\n'),
      ff,
      ff,
      Buffer.from('{"return": 8}\n'),
    ]);
    const expected = [
      { kind: 'delimiter' },
      { kind: 'return', value: 7 },
      { kind: 'delimiter' },
      { kind: 'delimiter' },
      { kind: 'return', value: 8 },
    ];
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length)), (cuts) => {
        const borders = [0, ...cuts.toSorted((l, r) => l - r), bytes.length];
        const decoder = new AgentDecoder(100);

        const messages = borders.flatMap((border, index) =>
          decoder.push(bytes.subarray(borders[index - 1] ?? 0, border)),
        );

        expect(messages).toEqual(expected);
      }),
    );
  });

  it('never throws, whatever arrives', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array()), (chunks) => {
        const decoder = new AgentDecoder(50);

        expect(() => chunks.map((chunk) => decoder.push(chunk))).not.toThrow();
      }),
    );
  });
});

describe('encoding', () => {
  it('is one line a command', () => {
    expect(encodeAgentCommand('guest-ping')).toBe('{"execute":"guest-ping"}\n');
    expect(encodeAgentCommand('guest-exec', { path: 'a\nb' })).toBe(
      '{"execute":"guest-exec","arguments":{"path":"a\\nb"}}\n',
    );
  });

  it('begins a sync with the byte that empties the parser of the agent', () => {
    const bytes = encodeSync(12);

    expect(bytes[0]).toBe(0xff);
    expect(bytes.subarray(1).toString('utf8')).toBe(
      '{"execute":"guest-sync-delimited","arguments":{"id":12}}\n',
    );
  });
});
