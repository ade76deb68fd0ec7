// SPDX-License-Identifier: Apache-2.0

// A folder with the project's option files and one `.proto` of a test's own.

import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import type { FileModel } from '../../../../src/api/generator/model.ts';
import { readSchema } from '../../../../src/api/generator/read-schema.ts';
import { createTempDir } from '../../temp-dir.ts';

const ownFolder = join(import.meta.dirname, '../../../../src/api/proto');
const head = `syntax = "proto3";
import "argon/v1/field_options.proto";
import "argon/v1/options.proto";
import "buf/validate/validate.proto";
import "google/protobuf/field_mask.proto";
import "google/protobuf/timestamp.proto";
`;

/** The model of one file with `body` in the package `argon.test`, or in another one. */
export async function readProto(body: string, packageName = 'argon.test'): Promise<FileModel> {
  await using dir = await createTempDir();
  for (const name of [
    'argon/v1/field_options.proto',
    'argon/v1/options.proto',
    'buf/validate/validate.proto',
  ]) {
    cpSync(join(ownFolder, name), join(dir.path, name), { recursive: true });
  }
  const path = join(dir.path, `${packageName.replaceAll('.', '/')}/own.proto`);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${head}package ${packageName};\n${body}`);
  const { files } = readSchema(dir.path);
  const [file] = files;
  if (file === undefined) throw new Error('no file was read');
  return file;
}
