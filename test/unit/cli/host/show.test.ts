// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import {
  printChange,
  printResource,
  printResources,
  volumeView,
} from '../../../../src/cli/host/show.ts';
import type { OutputFormat } from '../../../../src/cli/output.ts';
import { FakeContext, untouched } from '../fake-context.ts';
import { FakeHostClient } from './fake-host-client.ts';

const volume = new FakeHostClient().addVolume({ displayName: 'data', sizeBytes: 2n ** 30n });

async function printed(
  format: OutputFormat,
  print: (context: FakeContext) => Promise<void>,
): Promise<FakeContext> {
  const context = new FakeContext(untouched, { format });
  await print(context);
  return context;
}

describe('what is printed of resources', () => {
  it('is a table, or names', async () => {
    const print = async (context: FakeContext): Promise<void> =>
      printResources(context, volumeView, [volume]);

    expect((await printed('table', print)).stdout).toMatch(/vol\w+ +data +1\.0 GiB +aes-256-xts/);
    expect((await printed('name', print)).stdout).toBe(`${volume.name}\n`);
  });

  it('is one in full, with what is zero for programs alone', async () => {
    const context = await printed('table', async (target) =>
      printResource(target, volumeView, volume),
    );

    expect(context.stdout).not.toContain('source');
    expect(context.printed[0]?.value).toMatchObject({ source: '', size_bytes: 2 ** 30 });
  });

  it('is a sentence after a change, or the name', async () => {
    const print = async (context: FakeContext): Promise<void> =>
      printChange(context, volumeView, volume, 'it grew');

    expect((await printed('table', print)).stdout).toBe('it grew\n');
    expect((await printed('name', print)).stdout).toBe(`${volume.name}\n`);
  });
});
