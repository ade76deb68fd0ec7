// SPDX-License-Identifier: Apache-2.0

// What each folder of native/ and src/ may use. The same tables stand in docs/architecture.md; a
// test compares them. `layer/file` grants that file or folder alone; `*` grants everything.

/** `all`: whatever the used layers use is granted too. `direct`: only what the row names. */
export type Reach = 'all' | 'direct';

export interface LayerTable {
  /** The folder whose sub-folders are the layers. */
  readonly root: string;
  readonly reach: Reach;
  readonly rows: Readonly<Record<string, readonly string[]>>;
}

export const nativeLayers: LayerTable = {
  root: 'native',
  reach: 'all', // As CMake's PUBLIC links: storage over crypto over base sees all three.
  rows: {
    base: [],
    memory: ['base'],
    crypto: ['base'],
    virtio: ['base', 'memory'],
    vhost_user: ['base', 'memory', 'virtio'],
    frontend: ['base', 'memory', 'virtio', 'vhost_user/spec'],
    conformance: ['frontend'],
    storage: ['base', 'crypto'],
    block: ['vhost_user', 'storage'],
    backplane: ['vhost_user'],
    packet: ['base'],
    vpc: ['base', 'packet'],
    network: ['vhost_user', 'vpc', 'crypto'],
    uplink: ['network', 'frontend'],
    sandbox: ['base'],
    addon: ['*'],
  },
};

export const sourceLayers: LayerTable = {
  root: 'src',
  reach: 'direct',
  rows: {
    base: [],
    api: ['base'],
    native: ['base'],
    keys: ['base', 'native'],
    volume: ['base', 'native', 'keys'],
    image: ['base'],
    trust: ['base', 'keys'],
    qemu: ['base'],
    card: ['base', 'api', 'native', 'network'],
    guest: ['base'],
    network: ['base'],
    controller: [
      'base',
      'api',
      'native',
      'keys',
      'trust',
      'volume',
      'image',
      'qemu',
      'guest',
      'network',
      'card/bus',
    ],
    harness: ['base', 'api', 'native', 'card', 'guest', 'qemu'],
    cli: ['*'],
  },
};
