// SPDX-License-Identifier: Apache-2.0

// `argon config`: a host as a lab file, and a lab file to a host.

import { readFile } from 'node:fs/promises';

import type { Command } from 'commander';

import { parseJson } from '../base/parse.ts';
import { type CommandContext, withHost } from './context.ts';
import { ensureBootImages } from './host/boot-images.ts';
import type { HostClient } from './host/host-client.ts';
import { listVpcs } from './host/resources.ts';
import { vpcView } from './host/show.ts';
import { applyLab } from './lab/apply.ts';
import { dumpLab } from './lab/dump.ts';
import type { Lab } from './lab/lab.ts';
import { labFileText, labSchemaPath, openLab } from './lab/lab-file.ts';

type Run = (work: (context: CommandContext) => Promise<void>) => Promise<void>;

export function addConfigCommand(program: Command, run: Run): void {
  const config = program.command('config').description('a host as a lab file, and back');
  config
    .command('dump')
    .description('print the running host as a lab file')
    .action(async () =>
      run(async (context) =>
        withHost(context, async (client) => {
          const lab = await dumpLab(client, context);
          await context.print(lab, await labFileText(lab));
        }),
      ),
    );
  config
    .command('apply <file>')
    .description('make and change what a lab file says; nothing is deleted')
    .action(async (path: string) =>
      run(async (context) => {
        const lab = await openLab(path);
        await withHost(context, async (client) => applyToHost(context, client, lab));
      }),
    );
  config
    .command('schema')
    .description('print the JSON Schema of lab files')
    .action(async () =>
      run(async (context) => {
        const text = await readFile(labSchemaPath, 'utf8');
        await context.print(parseJson(text, 'the schema of lab files'), text);
      }),
    );
}

/** Applies a lab with its images made first, and says what was done. */
export async function applyToHost(
  context: CommandContext,
  client: HostClient,
  lab: Lab,
): Promise<void> {
  // One that boots from a volume and is not started needs none.
  const bootImages = lab.instances
    .filter(({ bootVolume, isRunning }) => bootVolume === undefined || isRunning === true)
    .map(({ fields }) => fields.image ?? 'BOOT_IMAGE_UNSPECIFIED');
  await ensureBootImages(context, bootImages);
  const { stages: progress, signal } = context;
  const changes = await applyLab(lab, { client, progress, signal });
  if (changes.length > 0) context.stages.ok();
  if (lab.networks.vpcs.length > 0) await noteUplinks(context, client, lab);
  const text = changes.length === 0 ? 'nothing to change\n' : `${changes.join('\n')}\n`;
  await context.print({ changes }, context.format === 'name' ? '' : text);
}

// They are tried again: nothing of the lab fails with them.
async function noteUplinks(
  context: CommandContext,
  client: HostClient,
  { networks }: Lab,
): Promise<void> {
  const labels = networks.vpcs.map(({ label }) => label);
  for (const vpc of await listVpcs(client, context)) {
    if (!labels.includes(vpc.displayName)) continue;
    for (const trouble of vpcView.troubles?.(vpc) ?? []) {
      context.stages.note(`vpc ${vpc.displayName}: ${trouble}`);
    }
  }
}
