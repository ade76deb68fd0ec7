// SPDX-License-Identifier: Apache-2.0

// What the addons are linked with: nothing of OpenSSL or the C++ run time, because they use Node's
// OpenSSL and bring their own C++.

import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { run } from '../../src/base/subprocess.ts';
import { root } from './support/child.ts';

const addons = ['block', 'network', 'host', 'frontend'];

function pathOf(addon: string): string {
  return join(root, 'build/addon/Release', `${addon}.node`);
}

/** Dynamic symbols that a file wants (`U`) or offers, without their versions. */
async function dynamicSymbols(
  path: string,
  which: '--undefined-only' | '--defined-only',
): Promise<readonly string[]> {
  const text = await run('nm', ['-D', which, path]);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (line.trim().split(/\s+/).at(-1) ?? '').replace(/@.*/, ''));
}

// The names that OpenSSL's headers declare begin with these.
const openssl =
  /^(?:AES|ASN1|BIO|BN|CRYPTO|EC|ERR|EVP|HMAC|OBJ|OPENSSL|OSSL|PEM|PKCS|RAND|RSA|SSL|X509)_/;

describe.each(addons)('%s.node', (addon) => {
  it('needs no library of OpenSSL and no C++ run time of the host', async () => {
    const needed = [...(await run('readelf', ['-d', pathOf(addon)])).matchAll(/NEEDED.*\[(.*)\]/g)];

    const names = needed.map((match) => match[1] ?? '');
    expect(names).toContain('libc.so.6');
    expect(names.filter((name) => /crypto|ssl|stdc\+\+|gcc_s/.test(name))).toEqual([]);
  });

  it('finds every symbol of OpenSSL that it wants in the node binary', async () => {
    const wanted = (await dynamicSymbols(pathOf(addon), '--undefined-only')).filter((name) =>
      openssl.test(name),
    );
    const offered = new Set(await dynamicSymbols(process.execPath, '--defined-only'));

    expect(wanted.filter((name) => !offered.has(name))).toEqual([]);
    // That one works without keys and secrets; the others would not be the addons they are.
    expect(wanted.length > 0).toBe(addon !== 'frontend');
  });

  it('offers nothing but its entry to whoever loads it', async () => {
    const offered = await dynamicSymbols(pathOf(addon), '--defined-only');

    expect(offered.filter((name) => name.startsWith('napi_register_module'))).toHaveLength(1);
    expect(offered.filter((name) => openssl.test(name) || name.includes('argon'))).toEqual([]);
  });

  it('has no stack that can be executed and no text that is relocated', async () => {
    const text = await run('readelf', ['-lW', '-dW', pathOf(addon)]);

    expect(text).toMatch(/GNU_STACK.* RW +0x/);
    expect(text).not.toContain('TEXTREL');
  });
});
