// SPDX-License-Identifier: Apache-2.0

// What is made of the `.proto` files is committed, so that it can be read and reviewed; it is what
// the generator makes now, and nothing else lies beside it.

import { describe, expect, it } from 'vitest';

import { generate, generatedFolder } from '../../src/api/generator/generate.ts';
import { repository, root } from './repository.ts';

describe('the generated files', () => {
  const made = generate(root);
  const committed = new Map(repository.files.map(({ path, text }) => [path, text]));

  it.each([...made])('%s is what npm run generate writes', (path, text) => {
    expect(committed.get(path)).toBe(text);
  });

  it('are all that is in their folder', () => {
    const others = repository.paths.filter(
      (path) => path.startsWith(`${generatedFolder}/`) && !made.has(path),
    );

    expect(others).toEqual([]);
  });
});
