// Written from the resources of argon.v1 by `npm run generate`; not edited by hand.

import { type Instance, instanceType } from './instances.ts';
import { type Interface, interfaceType } from './interfaces.ts';
import { type Volume, volumeType } from './volumes.ts';
import type { ResourceFlags } from '../../../schema.ts';

/** The flags of each resource, in the order of its fields. */
export const resourceFlags: {
  readonly Instance: ResourceFlags<Instance>;
  readonly Interface: ResourceFlags<Interface>;
  readonly Volume: ResourceFlags<Volume>;
} = {
  Instance: {
    type: instanceType,
    flags: [
      { name: 'name', field: 'display_name', verbs: ['create', 'update'], help: 'A display name: lower-case letters, digits and dashes. No two of a lab file share one.' },
      { name: 'image', field: 'image', verbs: ['create'], help: 'What boots, unless a boot volume is given. DEBIAN is copied into a new boot volume.' },
      { name: 'boot-volume', field: 'boot_volume', verbs: ['create'], help: 'A volume with a boot loader on it, to boot from.' },
      { name: 'cpus', field: 'cpu_count', verbs: ['create'], help: 'How many virtual CPUs; 0 is 2.' },
      { name: 'memory', field: 'memory_bytes', verbs: ['create'], help: 'How much memory: a multiple of 1 MiB. 0 is 512 MiB, and with a disk 1 GiB.' },
      { name: 'limit', field: 'limits', verbs: ['create', 'update'], help: 'Limits that all its volumes share.' },
      { name: 'etag', field: 'etag', verbs: ['update'], help: 'Changes with every change; an update that gives an older one is refused.' },
    ],
  },
  Interface: {
    type: interfaceType,
    flags: [
      { name: 'name', field: 'display_name', verbs: ['create'], help: 'A display name: lower-case letters, digits and dashes. No two of a lab file share one.' },
      { name: 'mac', field: 'mac_address', verbs: ['create'], help: 'Six pairs of hex digits. Where nothing is said the host chooses a local one.' },
    ],
  },
  Volume: {
    type: volumeType,
    flags: [
      { name: 'name', field: 'display_name', verbs: ['create', 'update'], help: 'A display name: lower-case letters, digits and dashes. No two of a lab file share one.' },
      { name: 'size', field: 'size_bytes', verbs: ['create', 'update'], help: 'How large it is: a multiple of 4096. A volume only grows.' },
      { name: 'cipher', field: 'cipher', verbs: ['create'], help: 'How its blocks are encrypted: AES_256_XTS where nothing is said.' },
      { name: 'limit', field: 'limits', verbs: ['create', 'update'], help: 'Limits of its I/O.' },
      { name: 'etag', field: 'etag', verbs: ['update'], help: 'Changes with every change; an update that gives an older one is refused.' },
    ],
  },
};
