// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { readProto } from './proto-folder.ts';

function serviceOf(...rules: readonly string[]): string {
  const methods = rules.map(
    (rule, index) => `rpc Do${index}(Own) returns (Own) { option (argon.v1.rule) = {${rule}
      audit: AUDIT_CLASS_READ, quota: QUOTA_CLASS_READ}; }`,
  );
  return `message Own { bool deep = 1; Inner inner = 2; }
    message Inner { bool leaf = 1; }
    service Owns { ${methods.join('\n')} }`;
}

describe('checkSchema()', () => {
  it.each([
    ['string own = 1;', 'give it max_len, a pattern or the values'],
    ['bytes own = 1;', 'give it max_len'],
    ['repeated bool own = 1;', 'give it max_items'],
    ['google.protobuf.FieldMask own = 1;', 'give it the paths that may be in it'],
    ['Kind own = 1;', 'give it defined_only'],
  ])('refuses a field without a bound: %s', async (field, message) => {
    const body = `enum Kind { NONE = 0; } message Own { ${field} }`;

    await expect(readProto(body)).rejects.toThrow(`argon.test.Own.own: ${message}`);
    await expect(readProto(body, 'others.test')).resolves.toBeDefined();
  });

  it('takes resources that are fields of the request, or the host', async () => {
    const body = serviceOf(
      'scope: "a:b", resource: ["host", "inner.leaf", "deep"],',
      'scope: "a:c", resource: "host",',
    );

    const { services } = await readProto(body);

    expect(services[0]?.methods.map(({ rule }) => rule.scope)).toEqual(['a:b', 'a:c']);
  });

  it.each([
    [
      'a resource that is not there',
      [`scope: "a:b", resource: "inner.gone",`],
      'has no inner.gone',
    ],
    [
      'a scope that two methods have',
      [`scope: "a:b", resource: "host",`, `scope: "a:b", resource: "host",`],
      'another method has its scope',
    ],
  ])('refuses %s', async (_what, rules, message) => {
    await expect(readProto(serviceOf(...rules))).rejects.toThrow(message);
  });
});
