// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { methods } from '../../../../src/api/generated/argon/v1/methods.ts';
import { methods as healthMethods } from '../../../../src/api/generated/grpc/health/v1/methods.ts';
import { methods as info } from '../../../../src/api/generated/grpc/reflection/v1/methods.ts';
import { methods as alpha } from '../../../../src/api/generated/grpc/reflection/v1alpha/methods.ts';
import { generate } from '../../../../src/api/generator/generate.ts';
import type { MethodType } from '../../../../src/api/schema.ts';

const root = join(import.meta.dirname, '../../../..');

describe('generate()', () => {
  it('makes a module for each file with types, and one for the methods', () => {
    const paths = [...generate(root).keys()];

    expect(paths).toContain('src/api/generated/argon/v1/volumes.ts');
    expect(paths).toContain('src/api/generated/argon/v1/methods.ts');
    expect(paths).not.toContain('src/api/generated/argon/v1/options.ts');
  });
});

describe('the methods', () => {
  it('are those that were reviewed, with the same rules', () => {
    const all: readonly Pick<MethodType<unknown, unknown>, 'name' | 'rule'>[] = [
      ...Object.values(methods),
      ...Object.values(healthMethods),
      ...Object.values(info),
      ...Object.values(alpha),
    ];
    const lines = all.map(({ name, rule }) =>
      [name, rule.scope, rule.resource.join('+'), rule.audit, rule.quota].join(' '),
    );
    const reviewed = readFileSync(join(root, 'test/fixtures/api-methods.txt'), 'utf8');

    // A new route, or another rule, is a change of what may be reached: claim B3. It is put into
    // the file by hand, where a reviewer sees it.
    expect(lines).toEqual(reviewed.trimEnd().split('\n'));
  });
});
