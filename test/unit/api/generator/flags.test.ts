// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { resourcesOf, writeFlags } from '../../../../src/api/generator/flags.ts';
import type { SchemaModel } from '../../../../src/api/generator/model.ts';
import { readProto } from './proto-folder.ts';

const rule = (scope: string): string =>
  `option (argon.v1.rule) = {scope: "owns:${scope}", resource: "host",
    audit: AUDIT_CLASS_CHANGE, quota: QUOTA_CLASS_CHANGE};`;

/** A resource with these fields beside a display name, of which an update may change `mask`. */
async function schemaOf(fields: string, mask = 'display_name'): Promise<SchemaModel> {
  const file = await readProto(`
    message Own {
      string display_name = 1 [(argon.v1.flag) = "name", (buf.validate.field).string.max_len = 9];
      ${fields}
    }
    message Deep { bool deep = 1; }
    message CreateOwnRequest { Own own = 1; }
    message UpdateOwnRequest {
      Own own = 1;
      google.protobuf.FieldMask update_mask = 2 [
        (buf.validate.field).field_mask = {in: ["${mask}"]}
      ];
    }
    service Owns {
      rpc CreateOwn(CreateOwnRequest) returns (Own) { ${rule('create')} }
      rpc UpdateOwn(UpdateOwnRequest) returns (Own) { ${rule('update')} }
    }`);
  return { files: [file] };
}

async function rowsOf(fields: string, mask?: string): Promise<readonly string[]> {
  const [resource] = resourcesOf(await schemaOf(fields, mask), 'argon.test');
  return (resource?.flags ?? []).map(
    ({ name, field, verbs }) => `--${name} ${field.name} ${verbs.join('+')}`,
  );
}

describe('resourcesOf()', () => {
  it('has what a create may set and what an update may change', async () => {
    expect(await rowsOf('bool own_word = 2; bool other = 3;', 'own_word')).toEqual([
      '--name display_name create',
      '--own-word own_word create+update',
      '--other other create',
    ]);
  });

  it('names flags without their unit', async () => {
    const fields = `
      uint64 size_bytes = 2 [(argon.v1.unit) = "bytes"];
      uint64 first_byte = 3 [(argon.v1.unit) = "bytes"];`;

    expect((await rowsOf(fields)).slice(1)).toEqual([
      '--size size_bytes create',
      '--first-byte first_byte create',
    ]);
  });

  it('leaves out what the host says', async () => {
    const fields = `
      bool state = 2 [(argon.v1.behavior) = FIELD_BEHAVIOR_OUTPUT_ONLY];
      bool own = 3 [(argon.v1.behavior) = FIELD_BEHAVIOR_IDENTIFIER];`;

    expect(await rowsOf(fields)).toHaveLength(1);
  });

  it('has messages and lists only where they are given a flag', async () => {
    const list = '(buf.validate.field).repeated = {max_items: 9}';
    const fields = `
      Deep plain = 2;
      Deep flagged = 3 [(argon.v1.flag) = "deep"];
      repeated bool bits = 4 [${list}];
      repeated bool others = 5 [${list}, (argon.v1.flag) = "other"];`;

    expect((await rowsOf(fields)).slice(1)).toEqual([
      '--deep flagged create',
      '--other others create',
    ]);
  });

  it('takes an etag with a change alone', async () => {
    const fields = 'string etag = 2 [(buf.validate.field).string.max_len = 16];';

    expect((await rowsOf(fields)).slice(1)).toEqual(['--etag etag update']);
  });

  it.each([['bool name = 2;'], ['bool output = 2;'], ['bool a = 2 [(argon.v1.flag) = "name"];']])(
    'refuses a flag that is taken: %s',
    async (fields) => {
      await expect(rowsOf(fields)).rejects.toThrow(/the flag --\w+ is taken/);
    },
  );

  it('knows no resource without a display name', async () => {
    const file = await readProto(`
      message Own { bool deep = 1; }
      message CreateOwnRequest { Own own = 1; }
      service Owns { rpc CreateOwn(CreateOwnRequest) returns (Own) { ${rule('create')} } }`);

    expect(resourcesOf({ files: [file] }, 'argon.test')).toEqual([]);
  });
});

describe('writeFlags()', () => {
  it('writes a module with the comments as help', async () => {
    const schema = await schemaOf(`
      // It's deep,
      // or not.
      bool deep = 2;`);

    const { path, text } = writeFlags(schema, 'argon.test');

    expect(path).toBe('argon/test/flags.ts');
    expect(text.split('\n')).toEqual(
      expect.arrayContaining([
        "import { type Own, ownType } from './own.ts';",
        "import type { ResourceFlags } from '../../../schema.ts';",
        '  readonly Own: ResourceFlags<Own>;',
        "      { name: 'deep', field: 'deep', verbs: ['create'], help: 'It\\'s deep, or not.' },",
      ]),
    );
  });
});
