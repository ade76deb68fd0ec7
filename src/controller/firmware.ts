// SPDX-License-Identifier: Apache-2.0

// UEFI firmware for guests that boot from a disk: Debian's OVMF. The code is read-only; the
// variable store is a copy of the instance's own (claim A9).

import { existsSync } from 'node:fs';
import { access, copyFile, rename } from 'node:fs/promises';
import { join } from 'node:path';

import { ArgonError, codeOfErrno, errnoName } from '../base/errors.ts';
import type { BootSource } from '../qemu/machine-spec.ts';

const debianFolder = '/usr/share/OVMF';
const codeName = 'OVMF_CODE_4M.fd';
const variablesName = 'OVMF_VARS_4M.fd';

/** Firmware with the variable store of `runDir`, which is made fresh if there is none. */
export async function prepareFirmware(runDir: string, folder = debianFolder): Promise<BootSource> {
  const code = join(folder, codeName);
  const template = join(folder, variablesName);
  const variables = join(runDir, 'variables.fd');
  await checkFirmware(code);
  await checkFirmware(template);
  try {
    await copyOnce(template, variables);
  } catch (cause) {
    const errno = errnoName(cause);
    throw new ArgonError(
      codeOfErrno(errno),
      `the variable store ${variables} could not be made (${errno ?? 'unknown error'})`,
      { cause, hint: 'see that there is room and permission in the state folder' },
    );
  }
  return {
    kind: 'firmware',
    code: { kind: 'path', path: code },
    variables: { kind: 'path', path: variables },
  };
}

// Whole or not at all, as whoever copies may be killed; and what a guest wrote into it stays.
async function copyOnce(template: string, path: string): Promise<void> {
  if (existsSync(path)) return;
  const draft = `${path}.new`;
  await copyFile(template, draft);
  await rename(draft, path);
}

async function checkFirmware(path: string): Promise<void> {
  try {
    await access(path);
  } catch (cause) {
    throw new ArgonError('failed-precondition', `the firmware ${path} is missing`, {
      cause,
      hint: 'run ./setup, which installs the Debian package ovmf',
    });
  }
}
