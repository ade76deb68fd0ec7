// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { createMessage } from '../../../../src/api/codec.ts';
import {
  type FlowStep,
  type TraceFlowResponse,
  traceFlowResponseType,
} from '../../../../src/api/generated/argon/v1/interfaces.ts';
import type { Init } from '../../../../src/api/schema.ts';
import { traceText } from '../../../../src/cli/host/trace-text.ts';

const [eni, group, acl] = [
  'interfaces/eni-00000000000000001',
  'securityGroups/sg-00000000000000001',
  'networkAcls/acl-00000000000000001',
];
const vpc = 'vpcs/vpc-00000000000000001';
const list = 'prefixLists/pl-00000000000000001';
const labels = new Map([
  [list, 'office'],
  [vpc, 'lab'],
  [eni, 'web-0'],
  [group, 'web'],
  [acl, 'edge'],
]);

function textOf(init: Init<TraceFlowResponse>): string {
  const trace = createMessage(traceFlowResponseType, init);
  return traceText(trace, (name) => labels.get(name) ?? name);
}

/** What stands in the last column of a step. */
function decider(init: Init<FlowStep>): string | undefined {
  const step = { interface: eni, direction: 'FLOW_DIRECTION_IN', isAllowed: true } as const;
  const [, line = ''] = textOf({ steps: [{ ...step, ...init }] }).split('\n');
  return /^\S+ +web-0 +in +allowed +(.*)$/.exec(line)?.[1];
}

const groups = { stage: 'FLOW_STAGE_SECURITY_GROUPS', securityGroup: group } as const;
const entries = { stage: 'FLOW_STAGE_NETWORK_ACL', networkAcl: acl } as const;
const cidr = '10.0.0.0/8';

describe('a trace as a table', () => {
  it('has a line for each decision, and what becomes of the packet', () => {
    const text = textOf({
      steps: [
        {
          ...groups,
          securityGroup: '',
          interface: eni,
          direction: 'FLOW_DIRECTION_IN',
        },
      ],
      outcome: 'FLOW_OUTCOME_DROP',
      dropReason: 'security-group-in',
      interface: eni,
    });

    expect(text).toBe(`STAGE            INTERFACE  DIRECTION  VERDICT  DECIDED BY
security-groups  web-0      in         denied   no rule

dropped at web-0: security-group-in
`);
  });

  it.each<[Init<FlowStep>, string]>([
    [{ ...groups, rule: { protocol: 'all', cidr } }, 'web: all@10.0.0.0/8'],
    [{ ...groups, rule: { protocol: 'tcp', toPort: 65_535, cidr } }, 'web: tcp@10.0.0.0/8'],
    [
      { ...groups, rule: { protocol: 'tcp', fromPort: 80, toPort: 443, securityGroup: group } },
      'web: tcp:80-443@web',
    ],
    [{ ...groups, rule: { protocol: 'all', prefixList: list } }, 'web: all@prefix-list:office'],
    [
      { ...groups, rule: { protocol: 'udp', fromPort: 53, toPort: 53, cidr } },
      'web: udp:53@10.0.0.0/8',
    ],
    [
      { ...groups, rule: { protocol: 'icmp', icmpType: -1, icmpCode: -1, cidr } },
      'web: icmp@10.0.0.0/8',
    ],
    [
      { ...groups, rule: { protocol: 'icmpv6', icmpType: 128, icmpCode: -1, cidr: '::/0' } },
      'web: icmpv6:128@::/0',
    ],
    [
      { ...groups, rule: { protocol: 'icmp', icmpType: 3, icmpCode: 4, cidr } },
      'web: icmp:3/4@10.0.0.0/8',
    ],
    [{ ...groups, rule: { protocol: '47', cidr } }, 'web: 47@10.0.0.0/8'],
    [
      { ...entries, entry: { number: 100, protocol: 'all', cidr, action: 'ACL_ACTION_DENY' } },
      'edge: 100 deny all@10.0.0.0/8',
    ],
    [
      { ...entries, entry: { number: 9, protocol: 'all', cidr, action: 'ACL_ACTION_ALLOW' } },
      'edge: 9 allow all@10.0.0.0/8',
    ],
    [entries, 'edge: no entry'],
    [{ stage: 'FLOW_STAGE_NETWORK_ACL' }, 'no network ACL'],
    [{ stage: 'FLOW_STAGE_CONNECTION' }, 'a connection that is known'],
    [{ stage: 'FLOW_STAGE_ROUTE' }, 'no route'],
    [
      { stage: 'FLOW_STAGE_ROUTE', route: { destination: cidr, target: 'FLOW_TARGET_LOCAL' } },
      '10.0.0.0/8=local',
    ],
    [
      { stage: 'FLOW_STAGE_ROUTE', route: { destination: cidr, target: 'FLOW_TARGET_UPLINK' } },
      '10.0.0.0/8=uplink',
    ],
  ])('says of %o who decided', (step, expected) => {
    expect(decider(step)).toBe(expected);
  });

  it.each<[Init<TraceFlowResponse>, string]>([
    [{ outcome: 'FLOW_OUTCOME_DELIVER', interface: eni }, 'delivered to web-0'],
    [{ outcome: 'FLOW_OUTCOME_DELIVER', interface: vpc }, 'delivered to the uplink of lab'],
    [{ outcome: 'FLOW_OUTCOME_ANSWER', interface: eni }, 'answered by the router'],
    [{ outcome: 'FLOW_OUTCOME_SERVICE', service: 'dns' }, 'handed to the service dns'],
    [{}, 'not known'],
  ])('ends %o in words', (trace, expected) => {
    expect(textOf(trace).split('\n').at(-2)).toBe(expected);
  });
});
