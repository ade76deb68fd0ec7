// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { writeTypeScript } from '../../../../src/api/generator/typescript.ts';
import { readProto } from './proto-folder.ts';

async function write(body: string): Promise<ReadonlyMap<string, string>> {
  return writeTypeScript({ files: [await readProto(body)] });
}

describe('writeTypeScript()', () => {
  it('writes an enum as a union of its names', async () => {
    const texts = await write('enum Kind { KIND_NONE = 0; /* Yes. */ KIND_SOME = 5; }');

    expect(texts.get('argon/test/own.ts')?.split('\n')).toEqual(
      expect.arrayContaining([
        'export type Kind =',
        "  | 'KIND_NONE'",
        "  | 'KIND_SOME';",
        "  ['KIND_SOME', 5],",
      ]),
    );
  });

  it('writes a message as an interface and its description', async () => {
    const texts = await write(`
      message Inner {}
      message Own {
        // The name.
        string own_name = 1 [(buf.validate.field).string.pattern = "^a/'b'$"];
        Inner inner = 2;
        google.protobuf.Timestamp time = 3 [(argon.v1.behavior) = FIELD_BEHAVIOR_OUTPUT_ONLY];
        repeated uint64 sizes = 4 [
          (buf.validate.field).repeated = {max_items: 9, items: {uint64: {lte: 8}}}
        ];
      }`);

    const text = texts.get('argon/test/own.ts') ?? '';
    expect(text.split('\n')).toEqual(
      expect.arrayContaining([
        'export type Inner = Readonly<Record<string, never>>;',
        'export interface Own {',
        '  /** The name. */',
        '  readonly ownName: string;',
        '  readonly inner?: Inner | undefined;',
        '  /** (Set by the host alone.) */',
        '  readonly time?: Date | undefined;',
        '  readonly sizes: readonly bigint[];',
        "  { name: 'own_name', property: 'ownName', number: 1, kind: 'string', " +
          "rules: { pattern: /^a\\/'b'$/u } },",
        "  { name: 'sizes', property: 'sizes', number: 4, kind: 'uint64', isRepeated: true, " +
          'maxItems: 9, rules: { lte: 8n } },',
      ]),
    );
  });

  it('writes the methods of a package in one module', async () => {
    const texts = await write(`
      message Own {}
      service Owns {
        rpc CreateOwn(Own) returns (stream Own) {
          option (argon.v1.rule) = {
            scope: "owns:create", resource: "host",
            audit: AUDIT_CLASS_CHANGE, quota: QUOTA_CLASS_CHANGE
          };
        }
      }`);

    const text = texts.get('argon/test/methods.ts') ?? '';
    expect(text).toContain("import { ownType, type Own } from './own.ts';");
    expect(text).toContain(
      "readonly 'Owns.CreateOwn': { readonly request: Own; readonly response: Own };",
    );
    expect(text).toContain("name: 'argon.test.Owns/CreateOwn'");
    expect(text).toContain('isResponseStream: true');
  });
});
