// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { writeReference } from '../../../../src/api/generator/reference.ts';
import { readProto } from './proto-folder.ts';

async function write(body: string): Promise<readonly string[]> {
  return writeReference({ files: [await readProto(body)] }, 'argon.test').split('\n');
}

describe('writeReference()', () => {
  it('writes methods with what they declare', async () => {
    const lines = await write(`
      message Own { bool deep = 1; }
      // Things.
      service Owns {
        // Does it.
        rpc DoOwn(Own) returns (Own) {
          option (argon.v1.rule) = {
            scope: "owns:do", resource: "deep",
            audit: AUDIT_CLASS_CHANGE, quota: QUOTA_CLASS_READ
          };
        }
      }`);

    expect(lines).toEqual(
      expect.arrayContaining([
        '## Own',
        '### Service Owns',
        'Things.',
        '| DoOwn | Own | Own | `owns:do` | `deep` | change |',
        '`DoOwn`: Does it.',
      ]),
    );
  });

  it('writes fields with their rules, and members of enums', async () => {
    const lines = await write(`
      enum Kind { KIND_NONE = 0; }
      message Own {
        // The name.
        string name = 1 [
          (argon.v1.behavior) = FIELD_BEHAVIOR_OUTPUT_ONLY,
          (buf.validate.field).string.pattern = "^(a|b)$"
        ];
        repeated uint64 sizes = 2 [
          (argon.v1.unit) = "bytes",
          (buf.validate.field).repeated = {max_items: 9, items: {uint64: {gt: 1, lte: 8}}}
        ];
        string word = 3 [(buf.validate.field).string = {min_len: 1, max_len: 2, in: ["a"]}];
        Kind kind = 4 [
          (buf.validate.field).required = true,
          (buf.validate.field).enum = {defined_only: true, not_in: [0]}
        ];
      }`);

    expect(lines).toEqual(
      expect.arrayContaining([
        '| `name` | string | output-only; `^(a\\|b)$` | The name. |',
        '| `sizes` | list of uint64 | bytes; ≤ 8; > 1; at most 9 items |  |',
        '| `word` | string | 1 to 2 characters; of `a` |  |',
        '| `kind` | Kind | required; not KIND_NONE |  |',
        '| `KIND_NONE` | 0 |  |',
      ]),
    );
  });

  it('wraps what is said of a method', async () => {
    const words = 'word '.repeat(60).trim();
    const lines = await write(`// ${words}\nmessage Own { bool deep = 1; }`);

    expect(
      lines.filter((line) => line.startsWith('word')).every(({ length }) => length <= 100),
    ).toBe(true);
  });
});
