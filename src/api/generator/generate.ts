// SPDX-License-Identifier: Apache-2.0

// All that is made of the `.proto` files, as texts by their paths from the repository's root. A
// test compares them with the files that are committed.

import { join } from 'node:path';

import { writeDescriptors } from './descriptors.ts';
import { writeFlags } from './flags.ts';
import { writeLabSchema } from './lab-schema.ts';
import { readSchema } from './read-schema.ts';
import { writeReference } from './reference.ts';
import { writeTypeScript } from './typescript.ts';

const protoFolder = 'src/api/proto';
const apiPackage = 'argon.v1';
/** Of the folder nothing else is kept: a file that is no longer made is removed. */
export const generatedFolder = 'src/api/generated';

/** @throws SchemaError if the `.proto` files ask for what is not done. */
export function generate(root: string): ReadonlyMap<string, string> {
  const schema = readSchema(join(root, protoFolder));
  const texts = new Map<string, string>();
  for (const [path, text] of writeTypeScript(schema)) texts.set(`${generatedFolder}/${path}`, text);
  texts.set(`${generatedFolder}/descriptors.ts`, descriptorsModule(join(root, protoFolder)));
  const flags = writeFlags(schema, apiPackage);
  texts.set(`${generatedFolder}/${flags.path}`, flags.text);
  texts.set(`${generatedFolder}/lab.schema.json`, writeLabSchema(schema, apiPackage));
  texts.set('docs/api-reference.md', writeReference(schema, apiPackage));
  return texts;
}

function descriptorsModule(folder: string): string {
  return [
    '// Written from all files by `npm run generate`; not edited by hand.\n',
    "import type { FileDescriptor } from '../file-descriptor.ts';\n",
    `export const fileDescriptors: readonly FileDescriptor[] = ${JSON.stringify(
      writeDescriptors(folder),
      undefined,
      2,
    )};\n`,
  ].join('\n');
}
