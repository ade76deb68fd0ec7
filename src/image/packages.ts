// SPDX-License-Identifier: Apache-2.0

import { ArgonError } from '../base/errors.ts';
import { parseArray, parseInteger, parseObject, parseString } from '../base/parse.ts';

/** One version of a Debian package. */
export interface ResolvedPackage {
  readonly name: string;
  readonly version: string;
  readonly fileName: string;
  readonly sizeBytes: number;
  /** Of the package file, as the signed package lists have it. */
  readonly sha256: string;
}

/** Reads lines such as `'ADDRESS' zlib1g_1%3a1.2.13_amd64.deb 86684 SHA256:49d9…`, by name. */
export function parsePrintUris(output: string): readonly ResolvedPackage[] {
  const packages = output
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const match = printUrisLine.exec(line);
      const [, fileName, name, version, size, sha256] = match ?? [];
      if (!fileName || !name || !version || !size || !sha256) {
        throw new ArgonError('internal', 'apt-get --print-uris wrote a line of unknown form');
      }
      const sizeBytes = Number(size);
      return { name, version: decodeURIComponent(version), fileName, sizeBytes, sha256 };
    });
  return packages.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

const printUrisLine = /^'\S+' (([^_ /]+)_([^_ /]+)_[^_ /]+\.deb) (\d+) SHA256:([0-9a-f]{64})$/;

/** Reads what JSON.stringify made of a list of packages. */
export function parsePackages(value: unknown, what: string): readonly ResolvedPackage[] {
  return parseArray(value, what).map((item) => {
    const fields = parseObject(item, what);
    return {
      name: parseString(fields['name'], what),
      version: parseString(fields['version'], what),
      fileName: parseString(fields['fileName'], what),
      sizeBytes: parseInteger(fields['sizeBytes'], what, { min: 1, max: 2 ** 40 }),
      sha256: parseString(fields['sha256'], what),
    };
  });
}

/**
 * The packages named, and the concrete kernel that linux-image-cloud-amd64 stands for, out of a
 * list that has all they depend on.
 */
export function selectPackages(
  names: readonly string[],
  resolved: readonly ResolvedPackage[],
): readonly ResolvedPackage[] {
  for (const name of names) {
    if (!resolved.some((candidate) => candidate.name === name)) {
      throw new ArgonError('failed-precondition', `the package "${name}" was not resolved`, {
        hint: 'name a package of Debian 12 in the packages file of the image',
      });
    }
  }
  return resolved.filter(({ name }) => names.includes(name) || kernelPackage.test(name));
}

// Signed and unsigned kernels are the same but for the signature that Secure Boot asks for.
const kernelPackage = /^linux-image-\d.*-cloud-amd64(-unsigned)?$/;
