// SPDX-License-Identifier: Apache-2.0

// What the firmware's tables say of the machine to the guest (SMBIOS, types 1 and 2), in the way in
// which guests of EC2 recognize where they are: a system UUID that begins with "ec2" and is the
// serial number too, and a board with the instance's id as its asset tag. Manufacturer and product
// stay QEMU's, which systemd knows it by.

import { createHash } from 'node:crypto';

import { ArgonError } from '../base/errors.ts';
import type { InstanceId } from '../base/instance-id.ts';

export interface SystemIdentity {
  /** As the kernel prints it: 8, 4, 4, 4 and 12 lower-case hex digits. */
  readonly uuid: string;
  /** Of the board. */
  readonly assetTag: string;
}

/** The same for one instance always: cloud-init runs once for each. */
export function identityOf(instance: InstanceId): SystemIdentity {
  const digits = `ec2${createHash('sha256').update(instance).digest('hex')}`;
  const cuts = [0, 8, 12, 16, 20, 32];
  const uuid = cuts.slice(1).map((end, index) => digits.slice(cuts[index], end));
  return { uuid: uuid.join('-'), assetTag: instance };
}

/** @throws ArgonError invalid-argument. */
export function checkIdentity({ uuid, assetTag }: SystemIdentity): void {
  if (!/^ec2[0-9a-f]{5}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(uuid)) {
    throw new ArgonError('invalid-argument', `the UUID of the machine is "${uuid}"`);
  }
  if (!/^[\w.-]{1,63}$/.test(assetTag)) {
    throw new ArgonError('invalid-argument', `the asset tag of the machine is "${assetTag}"`);
  }
}
