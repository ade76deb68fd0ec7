// SPDX-License-Identifier: Apache-2.0

import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { run } from '../base/subprocess.ts';
import type { CpioEntry } from './cpio.ts';
import type { BuildRoot } from './initramfs.ts';
import { moduleClosure } from './module-closure.ts';
import { onlyEntry } from './unpacked-root.ts';

/** The kernel version that the unpacked packages hold. */
export async function kernelVersion(root: string): Promise<string> {
  return onlyEntry(root, 'lib/modules', 'kernels in the packages');
}

// What modprobe of busybox and of kmod read; the binary twins are for speed with thousands.
const tableNames = ['modules.alias', 'modules.builtin', 'modules.dep', 'modules.softdep'];

/** The modules `names` and all they need, with tables that cover just these. */
export async function moduleEntries(
  names: readonly string[],
  { root, scratchDir, signal }: BuildRoot,
): Promise<readonly CpioEntry[]> {
  const version = await kernelVersion(root);
  const from = join(root, 'lib/modules', version);
  await run('depmod', ['-b', root, version], { signal });
  const [dep, softdep, builtin] = await Promise.all(
    ['modules.dep', 'modules.softdep', 'modules.builtin'].map(async (name) =>
      readFile(join(from, name), 'utf8'),
    ),
  );
  const tables = { dep: dep ?? '', softdep: softdep ?? '', builtin: builtin ?? '' };
  const paths = moduleClosure(names, tables);

  const stageDir = join(scratchDir, 'modules');
  const to = join(stageDir, 'lib/modules', version);
  const needed = ['modules.builtin', 'modules.builtin.modinfo', 'modules.order'];
  for (const path of [...needed, ...paths]) {
    await mkdir(dirname(join(to, path)), { recursive: true });
    await copyFile(join(from, path), join(to, path));
  }
  await run('depmod', ['-b', stageDir, version], { signal });
  return Promise.all(
    [...tableNames, ...paths].map(async (path) => ({
      kind: 'file' as const,
      path: `usr/lib/modules/${version}/${path}`,
      mode: 0o644,
      data: await readFile(join(to, path)),
    })),
  );
}
