// SPDX-License-Identifier: Apache-2.0

// What would become of a packet: the API's request to what a card is asked, and the card's numbers
// to names of what operators have made.

import type {
  FlowDirection,
  FlowOutcome,
  FlowRoute,
  FlowStage,
  FlowStep,
  FlowTarget,
  TraceFlowRequest,
  TraceFlowResponse,
} from '../../api/generated/argon/v1/interfaces.ts';
import type { Cancellable } from '../../base/deadline.ts';
import type { Trace, TraceStep } from '../../native/network-watch.ts';
import { routesOf, routesWithUplink } from '../../network/compiled-routes.ts';
import { familyOf, type IpAddress, parseIpAddress } from '../../network/model/address.ts';
import { idPrefixes, type NetworkState } from '../../network/model/records.ts';
import { FieldError, inField, refuse } from '../../network/model/refusal.ts';
import { protocolNumbers } from '../../network/model/rule-checks.ts';
import { findAcl, findEntry, findGroupRule } from '../../network/trace-rules.ts';
import type { TracedFlow, TracePacket } from '../model.ts';
import {
  aclNames,
  describeEntry,
  describeRule,
  groupNames,
  interfaceNames,
  nameOf,
  vpcNames,
} from './network-words.ts';
import { violationOf } from './resource-methods.ts';

/** Who can ask the card of an interface. */
export interface FlowTracer {
  /** @throws ArgonError failed-precondition if no card serves the interface. */
  trace(id: string, packet: TracePacket, scope: Cancellable): Promise<TracedFlow>;
}

const protocolMax = 255;
const syn = 2; // RFC 9293, 3.1.

/** @throws ViolationError that names the field of the request. */
export function parseTracePacket(request: TraceFlowRequest): TracePacket {
  try {
    return packetOf(request);
  } catch (thrown) {
    if (!(thrown instanceof FieldError)) throw thrown;
    throw violationOf(thrown, 'argon.v1.TraceFlowRequest', thrown.field);
  }
}

function packetOf(request: TraceFlowRequest): TracePacket {
  const { sourcePort, destinationPort, tcpFlags } = request;
  const destination = inField('destination', () => parseIpAddress(request.destination));
  const source = parseSource(request.source, destination);
  const protocol = protocolNumbers.get(request.protocol) ?? Number(request.protocol);
  if (protocol > protocolMax) throw refuse('protocol', `is above ${protocolMax}`);
  checkFamily(protocol, destination);
  const isTcp = protocol === protocolNumbers.get('tcp');
  const hasPorts = isTcp || protocol === protocolNumbers.get('udp');
  const isIcmp = ['icmp', 'icmpv6'].some((name) => protocolNumbers.get(name) === protocol);
  if (!hasPorts && !isIcmp && sourcePort !== 0) {
    throw refuse('source_port', 'is of tcp, udp, icmp and icmpv6');
  }
  if (!hasPorts && destinationPort !== 0) throw refuse('destination_port', 'is of tcp and udp');
  if (!isTcp && tcpFlags !== 0) throw refuse('tcp_flags', 'are of tcp');
  return {
    ...(source === undefined ? {} : { source }),
    destination,
    protocol,
    sourcePort,
    destinationPort,
    tcpFlags: isTcp && tcpFlags === 0 ? syn : tcpFlags,
  };
}

function checkFamily(protocol: number, destination: IpAddress): void {
  const isIpv6 = familyOf(destination) === 'ipv6';
  const [wrong, right] = isIpv6 ? ['icmp', 'icmpv6'] : ['icmpv6', 'icmp'];
  if (protocol !== protocolNumbers.get(wrong)) return;
  throw refuse('protocol', `is ${wrong}, which is not of destination's family`, `write ${right}`);
}

function parseSource(text: string, destination: IpAddress): IpAddress | undefined {
  if (text === '') return undefined;
  const source = inField('source', () => parseIpAddress(text));
  if (familyOf(source) === familyOf(destination)) return source;
  throw refuse('source', 'is of another family than destination');
}

const outcomes: Readonly<Record<Trace['outcome'], FlowOutcome>> = {
  deliver: 'FLOW_OUTCOME_DELIVER',
  drop: 'FLOW_OUTCOME_DROP',
  answer: 'FLOW_OUTCOME_ANSWER',
  punt: 'FLOW_OUTCOME_SERVICE',
  // Nothing is held in a trace, whose allowances are untouched.
  hold: 'FLOW_OUTCOME_UNSPECIFIED',
};

const stages: Readonly<Record<TraceStep['stage'], FlowStage>> = {
  connection: 'FLOW_STAGE_CONNECTION',
  'security-groups': 'FLOW_STAGE_SECURITY_GROUPS',
  acl: 'FLOW_STAGE_NETWORK_ACL',
  route: 'FLOW_STAGE_ROUTE',
};

const directions: Readonly<Record<TraceStep['direction'], FlowDirection>> = {
  in: 'FLOW_DIRECTION_IN',
  out: 'FLOW_DIRECTION_OUT',
};

type RouteWords = NonNullable<TraceStep['route']>;

const targets: Readonly<Record<RouteWords['target'], FlowTarget>> = {
  local: 'FLOW_TARGET_LOCAL',
  interface: 'FLOW_TARGET_INTERFACE',
  blackhole: 'FLOW_TARGET_BLACKHOLE',
};

export function describeTrace(traced: TracedFlow): TraceFlowResponse {
  const { steps, outcome, reason, service, at } = traced.trace;
  return {
    // An uplink lets everything through: what there is to decide is the guest's.
    steps: steps
      .filter(({ at: place }) => !isUplink(traced.interfaces.get(place)))
      .map((step) => describeStep(traced, step)),
    outcome: outcomes[outcome],
    dropReason: reason === 'none' ? '' : reason,
    service: service === 'none' ? '' : service,
    interface: endName(traced.interfaces.get(at)),
  };
}

function isUplink(id: string | undefined): boolean {
  return id?.startsWith(idPrefixes.vpc) === true;
}

function endName(id: string | undefined): string {
  return nameOf(isUplink(id) ? vpcNames : interfaceNames, id);
}

function describeStep({ state, interfaces }: TracedFlow, step: TraceStep): FlowStep {
  const { stage, at, direction, isAllowed, isTracked, rule: id, route } = step;
  const one = interfaces.get(at);
  const isOfGroups = stage === 'security-groups' && id !== undefined;
  const found = isOfGroups ? findGroupRule(state, direction, id) : undefined;
  const acl = stage === 'acl' && one !== undefined ? findAcl(state, one) : undefined;
  const entry = acl === undefined || id === undefined ? undefined : findEntry(acl, direction, id);
  return {
    stage: stages[stage],
    interface: nameOf(interfaceNames, one),
    direction: directions[direction],
    isAllowed,
    isTracked,
    securityGroup: nameOf(groupNames, found?.group.id),
    rule: found === undefined ? undefined : describeRule(found.rule),
    networkAcl: nameOf(aclNames, acl?.id),
    entry: entry === undefined ? undefined : describeEntry(entry),
    route: route === undefined ? undefined : describeRoute(route, uplinkBlocksOf(state, one)),
  };
}

// A card has no word for an uplink, which is an interface to it.
function describeRoute(
  { target, network, prefixLength }: RouteWords,
  uplinkBlocks: readonly string[],
): FlowRoute {
  const destination = `${network}/${prefixLength}`;
  const isToUplink = target === 'interface' && uplinkBlocks.includes(destination);
  return { destination, target: isToUplink ? 'FLOW_TARGET_UPLINK' : targets[target] };
}

/** Destinations of an interface's routes that may lead to the uplink. */
function uplinkBlocksOf(state: NetworkState, id: string | undefined): readonly string[] {
  const subnetId = state.interface.find((one) => one.id === id)?.subnet;
  const subnet = state.subnet.find((one) => one.id === subnetId);
  if (subnet === undefined) return [];
  const uplink = state.vpc.find((one) => one.id === subnet.vpc)?.uplink;
  return routesWithUplink(routesOf(state, subnet), uplink)
    .filter(({ kind }) => kind === 'uplink')
    .map(({ destination }) => destination);
}
