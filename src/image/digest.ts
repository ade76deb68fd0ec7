// SPDX-License-Identifier: Apache-2.0

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';

import type { ResolvedPackage } from './packages.ts';
import type { Recipe } from './recipe.ts';

/** What decides the content of a built image. */
export interface ImageInputs {
  readonly recipe: Recipe;
  /** Raised when the code makes another image from the same recipe and packages. */
  readonly builderVersion: number;
  readonly packages: readonly ResolvedPackage[];
}

/** Hex SHA-256 over all inputs; the order of packages and files does not matter. */
export function imageDigest({ recipe, builderVersion, packages }: ImageInputs): string {
  const lines = [
    ['image', recipe.name],
    ['builder', String(builderVersion)],
    ...[...recipe.files.values()].map((file) => [
      'file',
      file.path,
      file.isExecutable ? 'executable' : 'plain',
      createHash('sha256').update(file.data).digest('hex'),
    ]),
    ...packages.map(({ name, version, sha256 }) => ['package', name, version, sha256]),
  ];
  // JSON keeps apart what a plain separator would join, whatever bytes a path holds.
  const sorted = lines.map((line) => JSON.stringify(line)).toSorted();
  return createHash('sha256').update(sorted.join('\n')).digest('hex');
}

/** Hex SHA-256 of a file's content. */
export async function fileDigest(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  // The default of 64 KiB costs more in calls than in hashing.
  await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), hash, { signal });
  return hash.digest('hex');
}
