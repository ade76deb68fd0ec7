// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { moduleClosure, moduleName } from '../../../src/image/module-closure.ts';

const tables = {
  dep: [
    'kernel/drivers/virtio/virtio_pci.ko: kernel/drivers/virtio/virtio.ko kernel/lib/ring.ko',
    'kernel/drivers/virtio/virtio.ko: kernel/lib/ring.ko',
    'kernel/lib/ring.ko:',
    'kernel/drivers/char/virtio-rng.ko.xz: kernel/drivers/virtio/virtio.ko kernel/lib/ring.ko',
    'kernel/crypto/xts.ko:',
    'kernel/crypto/ecb.ko:',
    '',
  ].join('\n'),
  softdep: '# from the modules\nsoftdep xts pre: ecb post: sha256\n',
  builtin: 'kernel/fs/ext4/ext4.ko\nkernel/crypto/sha256-generic.ko\n',
};

describe('moduleClosure()', () => {
  it('puts dependencies first, each file once', () => {
    expect(moduleClosure(['virtio_pci', 'virtio'], tables)).toEqual([
      'kernel/lib/ring.ko',
      'kernel/drivers/virtio/virtio.ko',
      'kernel/drivers/virtio/virtio_pci.ko',
    ]);
  });

  it('takes hyphens and underscores for the same, in names and in files', () => {
    const withHyphen = moduleClosure(['virtio-rng'], tables);

    expect(withHyphen).toEqual(moduleClosure(['virtio_rng'], tables));
    expect(withHyphen.at(-1)).toBe('kernel/drivers/char/virtio-rng.ko.xz');
  });

  it('follows soft dependencies as far as they are modules', () => {
    expect(moduleClosure(['xts'], tables)).toEqual([
      'kernel/crypto/ecb.ko',
      'kernel/crypto/xts.ko',
    ]);
  });

  it('needs no file for what is built in', () => {
    expect(moduleClosure(['ext4', 'sha256_generic'], tables)).toEqual([]);
  });

  it('names a module that the kernel does not have', () => {
    expect(() => moduleClosure(['ring', 'nothing'], tables)).toThrow(
      expect.objectContaining({
        code: 'failed-precondition',
        message: 'the kernel has no module "nothing"',
      }),
    );
  });

  it('ends on a circle', () => {
    const dep = 'a.ko: b.ko\nb.ko: a.ko\n';

    expect(moduleClosure(['a'], { dep, softdep: '', builtin: '' })).toEqual(['b.ko', 'a.ko']);
  });
});

describe('moduleName()', () => {
  it.each([
    ['kernel/a/b-c.ko', 'b_c'],
    ['b-c.ko.zst', 'b_c'],
    ['b_c', 'b_c'],
  ])('of %s is %s', (path, name) => {
    expect(moduleName(path)).toBe(name);
  });
});
