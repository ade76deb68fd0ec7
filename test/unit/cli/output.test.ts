// SPDX-License-Identifier: Apache-2.0

import { Writable } from 'node:stream';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { ArgonError } from '../../../src/base/errors.ts';
import {
  type Column,
  formatError,
  formatJson,
  formatJsonLine,
  formatTable,
  formatYaml,
  writeAll,
} from '../../../src/cli/output.ts';

interface Row {
  readonly name: string;
  readonly size: string;
}

const columns: readonly Column<Row>[] = [
  { title: 'NAME', of: (row) => row.name },
  { title: 'SIZE', of: (row) => row.size, align: 'right' },
];

describe('formatTable', () => {
  it('aligns columns, numbers to the right, two spaces apart', () => {
    const rows = [
      { name: 'a', size: '1 B' },
      { name: 'longer-name', size: '10 B' },
    ];

    expect(formatTable(columns, rows)).toBe(
      ['NAME         SIZE', 'a             1 B', 'longer-name  10 B', ''].join('\n'),
    );
  });

  it('has nothing but the titles for no rows', () => {
    expect(formatTable(columns, [])).toBe('NAME  SIZE\n');
  });

  it('leaves no blanks at the end of a line', () => {
    const left: readonly Column<Row>[] = [{ title: 'A LONG TITLE', of: (row) => row.name }];

    expect(formatTable(left, [{ name: 'x', size: '' }])).toBe('A LONG TITLE\nx\n');
  });

  it('has a line for each row, and every cell starts or ends where its title does', () => {
    const cell = fc.string({ unit: fc.constantFrom('a', 'b', '-', '1'), minLength: 1 });
    fc.assert(
      fc.property(fc.array(fc.record({ name: cell, size: cell })), (rows) => {
        const [title = '', ...lines] = formatTable(columns, rows).split('\n').slice(0, -1);

        expect(lines).toHaveLength(rows.length);
        for (const [index, line] of lines.entries()) {
          expect(line).toHaveLength(title.length);
          expect(line.split(/ +/)).toEqual([rows[index]?.name, rows[index]?.size]);
        }
      }),
    );
  });
});

describe('formatJson', () => {
  it('writes bigints as numbers, and ends with a newline', () => {
    expect(formatJson({ count: 5n, name: 'x' })).toBe('{\n  "count": 5,\n  "name": "x"\n}\n');
  });

  it('writes what a number cannot hold exactly as digits', () => {
    expect(JSON.parse(formatJson([2n ** 53n - 1n, 2n ** 64n - 1n]))).toEqual([
      2 ** 53 - 1,
      '18446744073709551615',
    ]);
  });

  it('comes back as it went in, for anything JSON has', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(formatJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});

describe('formatJsonLine', () => {
  it('keeps to one line', () => {
    expect(formatJsonLine({ a: 'x\ny', b: [1n] })).toBe('{"a":"x\\ny","b":[1]}\n');
  });
});

describe('formatYaml', () => {
  it('says what the JSON says', async () => {
    // JSON writes -0 as 0; YAML keeps it.
    const zeroed = fc.jsonValue().map((value): unknown => JSON.parse(JSON.stringify(value)));
    await fc.assert(
      fc.asyncProperty(zeroed, async (value) => {
        const text = await formatYaml(value);
        expect(parse(text)).toEqual(JSON.parse(formatJson(value)));
      }),
    );
    expect(await formatYaml({ size_bytes: 2n ** 64n - 1n, n: 1n })).toBe(
      'size_bytes: "18446744073709551615"\nn: 1\n',
    );
  });
});

describe('formatError', () => {
  const error = new ArgonError('not-found', 'no volume', {
    hint: 'look again',
    cause: new Error('ENOENT', { cause: new Error('deep') }),
  });

  it('says what, then what to do', () => {
    expect(formatError(error, false)).toBe('error: no volume\nhint: look again\n');
    expect(formatError(new ArgonError('internal', 'x'), false)).toBe('error: x\n');
  });

  it('shows every cause when it is asked to', () => {
    const text = formatError(error, true);

    expect(text).toMatch(
      /^error: no volume\nhint: look again\ncode: not-found\ncause: Error: ENOENT/,
    );
    expect(text).toMatch(/\n {4}at [^]*cause: Error: deep\n/);
  });

  it('has no causes to show for a cause that is no error', () => {
    const plain = new ArgonError('internal', 'x', { cause: 'text' });

    expect(formatError(plain, true)).toBe('error: x\ncode: internal\n');
  });

  it('shows the reason and the object that a host gave, when it is asked to', () => {
    const details = { reason: 'VOLUME_ATTACHED', object: 'volumes/vol1' };
    const refused = new ArgonError('failed-precondition', 'no', { details });

    expect(formatError(refused, true)).toBe(
      'error: no\ncode: failed-precondition\nreason: VOLUME_ATTACHED\nobject: volumes/vol1\n',
    );
    expect(formatError(refused, false)).toBe('error: no\n');
  });
});

describe('writeAll', () => {
  function sink(failure?: Error): { readonly stream: Writable; readonly chunks: string[] } {
    const chunks: string[] = [];
    const stream = new Writable({
      write(chunk: Buffer, _encoding, done) {
        chunks.push(chunk.toString('utf8'));
        done(failure);
      },
    });
    stream.on('error', () => {});
    return { stream, chunks };
  }

  it('is done when all is handed over', async () => {
    const { stream, chunks } = sink();

    await writeAll(stream, 'text');
    await writeAll(stream, Buffer.from('bytes'));

    expect(chunks).toEqual(['text', 'bytes']);
  });

  it('takes a reader that has gone for no error', async () => {
    const { stream } = sink(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));

    await expect(writeAll(stream, 'text')).resolves.toBeUndefined();
  });

  it('takes any other failure for one', async () => {
    const { stream } = sink(Object.assign(new Error('write ENOSPC'), { code: 'ENOSPC' }));

    await expect(writeAll(stream, 'text')).rejects.toMatchObject({
      name: 'ArgonError',
      code: 'resource-exhausted',
    });
  });
});
