// SPDX-License-Identifier: Apache-2.0

// The published fields of flow logs that are told here, and the version of the format in which each
// of them came (docs/network-semantics.md, FL-1 to FL-6).

export const flowLogVersions = {
  version: 2,
  'account-id': 2,
  'interface-id': 2,
  srcaddr: 2,
  dstaddr: 2,
  srcport: 2,
  dstport: 2,
  protocol: 2,
  packets: 2,
  bytes: 2,
  start: 2,
  end: 2,
  action: 2,
  'log-status': 2,
  'vpc-id': 3,
  'subnet-id': 3,
  'instance-id': 3,
  'tcp-flags': 3,
  type: 3,
  'pkt-srcaddr': 3,
  'pkt-dstaddr': 3,
  'flow-direction': 5,
  'encryption-status': 10,
} as const;

export type FlowLogField = keyof typeof flowLogVersions;

export function isFlowLogField(text: string): text is FlowLogField {
  return Object.hasOwn(flowLogVersions, text);
}

/** The names of all fields. */
export const flowLogFields: readonly FlowLogField[] =
  Object.keys(flowLogVersions).filter(isFlowLogField);

/** FL-1: what a line has where nothing is said. */
export const defaultFlowLogFields: readonly FlowLogField[] = flowLogFields.filter(
  (field) => flowLogVersions[field] === 2,
);
