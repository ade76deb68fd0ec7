// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  parseDataVolume,
  parseRunFlags,
  type RunFlags,
} from '../../../../src/cli/run/run-flags.ts';

const id = 'vol0123456789abcdef0';
const defaults: RunFlags = { image: 'tiny', volume: [], cpus: '2', accel: 'auto' };

describe('parseRunFlags', () => {
  it('has a meaning for the defaults', () => {
    expect(parseRunFlags(defaults, [])).toEqual({
      boot: { kind: 'tiny' },
      dataVolumes: [],
      memoryBytes: undefined,
      cpuCount: 2,
      accelerator: 'auto',
      timeoutMs: undefined,
      isKept: false,
      isPrintOnly: false,
      faults: { hasFaults: false, hasPower: false },
      command: undefined,
    });
  });

  it('reads every flag', () => {
    const flags: RunFlags = {
      ...defaults,
      image: 'debian',
      volume: ['size=1GiB', `id=${id}`],
      memory: '2GiB',
      cpus: '4',
      accel: 'tcg',
      timeout: '90',
      keep: true,
      printQemu: true,
      faults: true,
      power: true,
    };

    expect(parseRunFlags(flags, ['echo', 'two words'])).toEqual({
      boot: { kind: 'debian' },
      dataVolumes: [
        { kind: 'new', sizeBytes: 2 ** 30, cipher: 'aes-256-xts', isPacked: false },
        { kind: 'existing', id, isReadOnly: false, isPacked: false },
      ],
      memoryBytes: 2 ** 31,
      cpuCount: 4,
      accelerator: 'tcg',
      timeoutMs: 90_000,
      isKept: true,
      isPrintOnly: true,
      faults: { hasFaults: true, hasPower: true },
      command: 'echo two words',
    });
  });

  it.each([
    [{ image: 'tiny' }, { kind: 'tiny' }],
    [{ image: 'debian' }, { kind: 'debian' }],
    [{ image: './disk.img' }, { kind: 'disk-image', path: './disk.img' }],
    [{ bootVolume: id }, { kind: 'volume', id }],
    [
      { kernel: 'bzImage', initrd: 'initrd', append: 'quiet' },
      { kind: 'kernel', kernelPath: 'bzImage', initrdPath: 'initrd', commandLine: 'quiet' },
    ],
    [
      { kernel: 'bzImage' },
      { kind: 'kernel', kernelPath: 'bzImage', initrdPath: undefined, commandLine: undefined },
    ],
  ])('boots %j', (flags, boot) => {
    expect(parseRunFlags({ ...defaults, ...flags }, []).boot).toEqual(boot);
  });

  it.each([
    [{ initrd: 'x' }, '--initrd and --append belong to --kernel'],
    [{ append: 'quiet' }, '--initrd and --append belong to --kernel'],
    [{ kernel: 'bzImage', bootVolume: id }, '--kernel and --boot-volume exclude each other'],
    [{ bootVolume: 'vol1' }, '"vol1" is not a volume id'],
    [{ memory: 'x' }, '"x" is not a size'],
    [{ cpus: '0' }, '--cpus is 0'],
    [{ cpus: '256' }, '--cpus is 256'],
    [{ cpus: 'two' }, '--cpus is not a whole number'],
    [{ accel: 'xen' }, '--accel is "xen"'],
    [{ timeout: '0' }, '--timeout is 0'],
    [{ timeout: '86401' }, '--timeout is 86401'],
    [{ timeout: 'soon' }, '--timeout is not a whole number'],
    [{ volume: ['x'] }, '--volume x is not understood'],
  ])('refuses %j', (flags, message) => {
    expect(() => parseRunFlags({ ...defaults, ...flags }, [])).toThrow(
      expect.objectContaining({
        code: 'invalid-argument',
        message: expect.stringContaining(message),
      }),
    );
  });

  it('joins the words of a command as ssh does', () => {
    const word = fc.string({ minLength: 1 });
    fc.assert(
      fc.property(fc.array(word, { minLength: 1 }), (words) => {
        expect(parseRunFlags(defaults, words).command).toBe(words.join(' '));
      }),
    );
  });
});

describe('parseDataVolume', () => {
  it.each([
    ['size=512MiB', { kind: 'new', sizeBytes: 2 ** 29, cipher: 'aes-256-xts', isPacked: false }],
    ['size=512MiB,plain', { kind: 'new', sizeBytes: 2 ** 29, cipher: 'none', isPacked: false }],
    ['plain,size=512MiB', { kind: 'new', sizeBytes: 2 ** 29, cipher: 'none', isPacked: false }],
    [`id=${id},packed,read-only`, { kind: 'existing', id, isReadOnly: true, isPacked: true }],
    [
      'size=1MiB,packed',
      { kind: 'new', sizeBytes: 2 ** 20, cipher: 'aes-256-xts', isPacked: true },
    ],
    [`id=${id},read-only`, { kind: 'existing', id, isReadOnly: true, isPacked: false }],
    [`read-only,id=${id}`, { kind: 'existing', id, isReadOnly: true, isPacked: false }],
    [`id=${id}`, { kind: 'existing', id, isReadOnly: false, isPacked: false }],
  ])('reads %s', (text, volume) => {
    expect(parseDataVolume(text)).toEqual(volume);
  });

  it.each([
    '',
    'plain',
    'size',
    'size=',
    'size=x',
    'size=1MiB,id=vol0123456789abcdef0',
    'id=',
    'id=vol1',
    'size=1MiB,ro',
    'size=1MiB,',
    'Size=1MiB',
    'size=1MiB,size=2MiB',
    // Whoever writes these wants something that they would not get.
    'size=1MiB,plain=no',
    'size=1MiB,plain=true',
    `id=${id},plain`,
  ])('refuses %j', (text) => {
    expect(() => parseDataVolume(text)).toThrow(
      expect.objectContaining({ code: 'invalid-argument', hint: expect.any(String) }),
    );
  });

  it('makes an unencrypted volume only for the word that asks for one', () => {
    fc.assert(
      fc.property(fc.string(), (more) => {
        try {
          const volume = parseDataVolume(`size=1MiB,${more}`);
          expect(more === 'plain').toBe(volume.kind === 'new' && volume.cipher === 'none');
        } catch (thrown) {
          expect(thrown).toMatchObject({ code: 'invalid-argument' });
        }
      }),
    );
  });
});
