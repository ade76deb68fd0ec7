// SPDX-License-Identifier: Apache-2.0

// npm run generate: writes what is made of the `.proto` files.

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { generate, generatedFolder } from './generate.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const texts = generate(root);
rmSync(join(root, generatedFolder), { recursive: true, force: true });
for (const [path, text] of texts) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
process.stdout.write(`${texts.size} files written\n`);
