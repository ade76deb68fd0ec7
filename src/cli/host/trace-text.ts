// SPDX-License-Identifier: Apache-2.0

// A trace as people read it: what decided, a line each, and what becomes of the packet.

import {
  type FlowStep,
  flowDirectionType,
  flowStageType,
  flowTargetType,
  type TraceFlowResponse,
} from '../../api/generated/argon/v1/interfaces.ts';
import type {
  NetworkAclEntry,
  SecurityGroupRule,
} from '../../api/generated/argon/v1/network-resources.ts';
import { assertNever } from '../../base/errors.ts';
import { shortEnumValue } from '../document/write.ts';
import { formatTable } from '../output.ts';

/** From a full name to what a user calls the resource. */
export type LabelOf = (name: string) => string;

export function traceText(trace: TraceFlowResponse, labelOf: LabelOf): string {
  const table = formatTable<FlowStep>(
    [
      { title: 'STAGE', of: ({ stage }) => shortEnumValue(flowStageType, stage) },
      { title: 'INTERFACE', of: (step) => labelOf(step.interface) },
      { title: 'DIRECTION', of: ({ direction }) => shortEnumValue(flowDirectionType, direction) },
      { title: 'VERDICT', of: ({ isAllowed }) => (isAllowed ? 'allowed' : 'denied') },
      { title: 'DECIDED BY', of: (step) => deciderOf(step, labelOf) },
    ],
    trace.steps,
  );
  return `${table}\n${outcomeOf(trace, labelOf)}\n`;
}

function deciderOf(step: FlowStep, labelOf: LabelOf): string {
  const { stage, rule, securityGroup, networkAcl, entry, route } = step;
  switch (stage) {
    case 'FLOW_STAGE_CONNECTION':
      return 'a connection that is known';
    case 'FLOW_STAGE_SECURITY_GROUPS':
      return rule === undefined
        ? 'no rule'
        : `${labelOf(securityGroup)}: ${ruleText(rule, labelOf)}`;
    case 'FLOW_STAGE_NETWORK_ACL':
      if (networkAcl === '') return 'no network ACL';
      return `${labelOf(networkAcl)}: ${entry === undefined ? 'no entry' : entryText(entry)}`;
    case 'FLOW_STAGE_ROUTE':
      if (route === undefined) return 'no route';
      return `${route.destination}=${shortEnumValue(flowTargetType, route.target)}`;
    case 'FLOW_STAGE_UNSPECIFIED':
      return '';
  }
  return assertNever(stage);
}

/** As network-text.ts reads it. */
function ruleText(rule: SecurityGroupRule, labelOf: LabelOf): string {
  const { cidr, securityGroup, prefixList } = rule;
  const list = prefixList === '' ? '' : `prefix-list:${labelOf(prefixList)}`;
  return `${matchText(rule)}@${cidr || list || labelOf(securityGroup)}`;
}

function entryText(entry: NetworkAclEntry): string {
  const action = entry.action === 'ACL_ACTION_ALLOW' ? 'allow' : 'deny';
  return `${entry.number} ${action} ${matchText(entry)}@${entry.cidr}`;
}

const portMax = 65_535;

function matchText(match: NetworkAclEntry | SecurityGroupRule): string {
  const { protocol, fromPort, toPort, icmpType, icmpCode } = match;
  if (protocol === 'icmp' || protocol === 'icmpv6') {
    if (icmpType === -1) return protocol;
    return `${protocol}:${icmpType}${icmpCode === -1 ? '' : `/${icmpCode}`}`;
  }
  if (protocol !== 'tcp' && protocol !== 'udp') return protocol;
  if (fromPort === 0 && toPort === portMax) return protocol;
  return `${protocol}:${fromPort}${fromPort === toPort ? '' : `-${toPort}`}`;
}

function outcomeOf(trace: TraceFlowResponse, labelOf: LabelOf): string {
  const { outcome, dropReason, service } = trace;
  const isUplink = trace.interface.startsWith('vpcs/');
  const where = `${isUplink ? 'the uplink of ' : ''}${labelOf(trace.interface)}`;
  switch (outcome) {
    case 'FLOW_OUTCOME_DELIVER':
      return `delivered to ${where}`;
    case 'FLOW_OUTCOME_DROP':
      return `dropped at ${where}: ${dropReason}`;
    case 'FLOW_OUTCOME_ANSWER':
      return 'answered by the router';
    case 'FLOW_OUTCOME_SERVICE':
      return `handed to the service ${service}`;
    case 'FLOW_OUTCOME_UNSPECIFIED':
      return 'not known';
  }
  return assertNever(outcome);
}
