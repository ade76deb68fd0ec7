// SPDX-License-Identifier: Apache-2.0

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { prepareFirmware } from '../../../src/controller/firmware.ts';
import { createTempDir } from '../temp-dir.ts';

async function addFirmware(folder: string, names: readonly string[]): Promise<void> {
  for (const name of names) await writeFile(join(folder, name), `content of ${name}`);
}

describe('prepareFirmware', () => {
  it("gives the instance a variable store of its own and the host's code", async () => {
    await using ovmf = await createTempDir();
    await using run = await createTempDir();
    await addFirmware(ovmf.path, ['OVMF_CODE_4M.fd', 'OVMF_VARS_4M.fd']);

    const source = await prepareFirmware(run.path, ovmf.path);

    expect(source).toEqual({
      kind: 'firmware',
      code: { kind: 'path', path: join(ovmf.path, 'OVMF_CODE_4M.fd') },
      variables: { kind: 'path', path: join(run.path, 'variables.fd') },
    });
    expect(await readFile(join(run.path, 'variables.fd'), 'utf8')).toBe(
      'content of OVMF_VARS_4M.fd',
    );
  });

  it('keeps the store that is there, with what the guest wrote into it', async () => {
    await using ovmf = await createTempDir();
    await using run = await createTempDir();
    await addFirmware(ovmf.path, ['OVMF_CODE_4M.fd', 'OVMF_VARS_4M.fd']);
    await writeFile(join(run.path, 'variables.fd'), 'what a guest left in an earlier run');

    await prepareFirmware(run.path, ovmf.path);

    expect(await readFile(join(run.path, 'variables.fd'), 'utf8')).toContain('a guest left');
  });

  it.each(['OVMF_CODE_4M.fd', 'OVMF_VARS_4M.fd'])('says how to get %s', async (missing) => {
    await using ovmf = await createTempDir();
    await using run = await createTempDir();
    const names = ['OVMF_CODE_4M.fd', 'OVMF_VARS_4M.fd'].filter((name) => name !== missing);
    await addFirmware(ovmf.path, names);

    await expect(prepareFirmware(run.path, ovmf.path)).rejects.toMatchObject({
      code: 'failed-precondition',
      message: expect.stringContaining(missing),
      hint: 'run ./setup, which installs the Debian package ovmf',
    });
  });

  it('says so when the folder of the run cannot be written to', async () => {
    await using ovmf = await createTempDir();
    await addFirmware(ovmf.path, ['OVMF_CODE_4M.fd', 'OVMF_VARS_4M.fd']);
    const runDir = join(ovmf.path, 'missing');

    await expect(prepareFirmware(runDir, ovmf.path)).rejects.toMatchObject({
      message: expect.stringContaining(join(runDir, 'variables.fd')),
      hint: expect.not.stringContaining('ovmf'),
    });
  });
});
