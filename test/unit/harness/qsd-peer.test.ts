// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { qsdArguments } from '../../../src/harness/qsd-peer.ts';

// That it serves is shown in test/integration/conformance.test.ts.
describe('qsdArguments', () => {
  it('exports a file that can be written and discarded', () => {
    const words = qsdArguments('/d/file', '/d/sock', {});

    expect(words.join(' ')).toContain('driver=raw,node-name=d0,file=f0,discard=unmap');
    expect(words.at(-1)).toContain('addr.path=/d/sock,writable=on');
  });

  it('exports read-only if it is told so', () => {
    expect(qsdArguments('/d/file', '/d/sock', { isReadOnly: true }).at(-1)).toContain(
      'writable=off',
    );
  });

  it('puts a fault between the file and the export', () => {
    const words = qsdArguments('/d/file', '/d/sock', { fault: 'inject-error.0.event=x' });

    expect(words).toContain('driver=blkdebug,node-name=b0,image=f0,inject-error.0.event=x');
    expect(words.join(' ')).toContain('driver=raw,node-name=d0,file=b0');
  });
});
