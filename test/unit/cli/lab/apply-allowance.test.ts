// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { createMessage } from '../../../../src/api/codec.ts';
import { type Instance, instanceType } from '../../../../src/api/generated/argon/v1/instances.ts';
import type { Init } from '../../../../src/api/schema.ts';
import { allowanceChanges } from '../../../../src/cli/lab/apply-allowance.ts';

const packets = { perSecond: 10n, burst: 1n };
type Allowance = Init<Instance>['networkAllowance'];

describe('allowanceChanges', () => {
  it.each<[Allowance, Allowance, boolean]>([
    [undefined, { packets }, false],
    [{ packets }, { packets, connections: 65_536, servicePackets: 1024 }, false],
    [{}, { connections: 65_536, servicePackets: 1024 }, false],
    [{ packets: { perSecond: 0n, burst: 0n } }, {}, false],
    [{ packets }, {}, true],
    [{}, { packets }, true],
    [{ connections: 5 }, { connections: 65_536 }, true],
  ])('of %o beside %o are some: %j', (networkAllowance, there, isChanged) => {
    const current = createMessage<Instance>(instanceType, { networkAllowance: there });
    const fields = networkAllowance === undefined ? {} : { networkAllowance };

    expect(allowanceChanges(fields, current)).toEqual(isChanged ? { networkAllowance } : {});
  });
});
