// SPDX-License-Identifier: Apache-2.0

// manifest.json beside the files of a built image: what is in the folder and what it was made of.

import { parseArray, parseInteger, parseJson, parseObject, parseString } from '../base/parse.ts';
import type { ResolvedPackage } from './packages.ts';

export interface ManifestFile {
  readonly name: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

export interface ImageManifest {
  readonly name: string;
  readonly digest: string;
  readonly files: readonly ManifestFile[];
  readonly packages: readonly Pick<ResolvedPackage, 'name' | 'version' | 'sha256'>[];
}

export const manifestFileName = 'manifest.json';

export function formatManifest(manifest: ImageManifest): string {
  return `${JSON.stringify(manifest, undefined, 2)}\n`;
}

/** @throws ArgonError invalid-argument, naming `what`. */
export function parseManifest(text: string, what: string): ImageManifest {
  const fields = parseObject(parseJson(text, what), what);
  return {
    name: parseString(fields['name'], `name in ${what}`),
    digest: parseString(fields['digest'], `digest in ${what}`),
    files: parseArray(fields['files'], `files in ${what}`).map((item) => {
      const file = parseObject(item, `file in ${what}`);
      return {
        name: parseString(file['name'], `file name in ${what}`),
        sizeBytes: parseInteger(file['sizeBytes'], `file size in ${what}`, {
          min: 0,
          max: 2 ** 50,
        }),
        sha256: parseString(file['sha256'], `file digest in ${what}`),
      };
    }),
    packages: parseArray(fields['packages'], `packages in ${what}`).map((item) => {
      const wanted = parseObject(item, `package in ${what}`);
      return {
        name: parseString(wanted['name'], `package name in ${what}`),
        version: parseString(wanted['version'], `package version in ${what}`),
        sha256: parseString(wanted['sha256'], `package digest in ${what}`),
      };
    }),
  };
}
