// SPDX-License-Identifier: Apache-2.0

// From the records of networks to the one buffer that a network card takes
// (native/vpc/snapshot_format.h has the format, and the words that are used here). The records have
// been checked; the same records give the same bytes.

import { createHash } from 'node:crypto';

import {
  type CompiledRoute,
  localRoutes,
  ownBlock,
  routesOf,
  routesWithUplink,
} from './compiled-routes.ts';
import { parseCidr } from './model/address.ts';
import { peerBlocks } from './model/prefix-lists.ts';
import type {
  NetworkInterface,
  NetworkState,
  SecurityGroupRule,
  Subnet,
  Uplink,
  Vpc,
} from './model/records.ts';
import { dnsAddress, routerAddress, routerMac } from './model/subnet-addresses.ts';
import {
  groupRuleId,
  type InstanceAllowance,
  instanceRecord,
  interfaceRecord,
  joinSections,
  mappingRecord,
  prefixRecord,
  type Range,
  type RouteWords,
  type RuleWords,
  routeRecord,
  ruleRecord,
  Section,
  subnetRecord,
  vpcRecord,
  wideAddress,
} from './policy-records.ts';
import { linkLocalBytes, macBytes } from './services/addresses.ts';
import { type UplinkPlace, uplinkAddresses, uplinkMac } from './uplink.ts';

/** An interface that a card serves. */
export interface Place {
  readonly interface: string;
  /** Of `instances`. */
  readonly instance: number;
}

export interface PolicyInput {
  readonly state: NetworkState;
  /** Counts up with each policy. */
  readonly generation: bigint;
  /** By the numbers that the engine knows interfaces by; undefined where a number is unused. */
  readonly places: readonly (Place | undefined)[];
  readonly instances: readonly InstanceAllowance[];
  /** Those that the card has; their numbers are nobody's places. */
  readonly uplinks?: readonly UplinkPlace[];
}

/** CT-7: the published defaults. */
const timeouts = { tcpEstablished: 432_000, udp: 30, udpStream: 180 } as const;

const everywhere = ['0.0.0.0/0', '::/0'].map(parseCidr);
/** Of what comes and goes by an uplink; as many connections as a guest of a host may have. */
const uplinkAllowance: Omit<InstanceAllowance, 'identity'> = {
  bandwidthIn: { perSecond: 0n, burst: 0n },
  bandwidthOut: { perSecond: 0n, burst: 0n },
  packets: { perSecond: 0n, burst: 0n },
  trackedMax: 65_536,
  servicePacketsPerSecond: 1_024, // LL-1: pings of the router.
};

const anything = { protocol: 'all', fromPort: 0, toPort: 0, icmpType: 0, icmpCode: 0 } as const;

/**
 * The buffer. What a route leads to without a place is a black hole, an uplink among it.
 * @throws TypeError for a place of an interface that there is not: a bug of the caller.
 */
export function compilePolicy(input: PolicyInput): Uint8Array {
  return new Compiler(input).compile(input.generation, input.instances);
}

interface Served {
  readonly one: NetworkInterface;
  readonly subnet: Subnet;
  readonly index: number;
  readonly instance: number;
}

/** An uplink that a card has, with the numbers of its interface, subnet and allowance. */
interface Outside {
  readonly vpc: Vpc;
  readonly uplink: Uplink;
  readonly index: number;
  readonly subnet: number;
  readonly instance: number;
}

class Compiler {
  readonly #state: NetworkState;
  readonly #places: readonly (Place | undefined)[];
  readonly #served: readonly Served[];
  readonly #outsides: readonly Outside[];
  readonly #groupBits: ReadonlyMap<string, number>;
  readonly #rules = new Section();
  readonly #routes = new Section();
  readonly #prefixes = new Section();
  readonly #groupSets = new Section();
  readonly #ruleRanges = new Map<string, Range>();
  readonly #setNumbers = new Map<string, number>();

  constructor({ state, places, instances, uplinks = [] }: PolicyInput) {
    this.#state = state;
    this.#places = places;
    this.#served = places.flatMap((place, index) => {
      if (place === undefined) return [];
      const one = must(state.interface, place.interface);
      return [{ one, subnet: must(state.subnet, one.subnet), index, instance: place.instance }];
    });
    this.#outsides = uplinks.map(({ vpc: id, index }, place) => {
      const vpc = must(state.vpc, id);
      if (vpc.uplink === undefined) throw new TypeError(`${id} has no uplink`);
      const [subnet, instance] = [state.subnet.length + place, instances.length + place];
      return { vpc, uplink: vpc.uplink, index, subnet, instance };
    });
    const groups = state['security-group'].map(({ id }, bit) => [id, bit] as const);
    this.#groupBits = new Map(groups);
  }

  compile(generation: bigint, instances: readonly InstanceAllowance[]): Uint8Array {
    const vpcs = new Section();
    for (const vpc of this.#state.vpc) vpcs.add(this.#vpc(vpc));
    const subnets = new Section();
    for (const subnet of this.#state.subnet) subnets.add(this.#subnet(subnet));
    for (const outside of this.#outsides) subnets.add(this.#outsideSubnet(outside));
    const allowances = new Section();
    for (const instance of instances) allowances.add(instanceRecord(instance));
    for (const { vpc } of this.#outsides) {
      const identity = interfaceIdentity(vpc.id);
      allowances.add(instanceRecord({ ...uplinkAllowance, identity }));
    }
    const interfaces = new Section();
    const served = new Map(this.#served.map((one) => [one.index, one]));
    const outsides = new Map(this.#outsides.map((one) => [one.index, one]));
    const count = Math.max(this.#places.length, ...[...outsides.keys()].map((last) => last + 1));
    for (let index = 0; index < count; index += 1) {
      const outside = outsides.get(index);
      const record =
        outside === undefined ? this.#interface(served.get(index)) : this.#outside(outside);
      interfaces.add(record);
    }
    const mappings = this.#mappings();
    return joinSections(
      [
        vpcs,
        subnets,
        allowances,
        interfaces,
        this.#prefixes,
        this.#rules,
        this.#routes,
        this.#groupSets,
        mappings,
      ],
      { generation, groupSetWords: this.#setWords },
    );
  }

  get #setWords(): number {
    return Math.max(1, Math.ceil(this.#groupBits.size / 64));
  }

  #vpc(vpc: Vpc): Uint8Array {
    const [primary] = vpc.ipv4Cidrs;
    const cidrs = this.#prefixes.addAll([...vpc.ipv4Cidrs, ...vpc.ipv6Cidrs].map(prefixRecord));
    return vpcRecord(cidrs, primary === undefined ? undefined : dnsAddress(primary));
  }

  #subnet(subnet: Subnet): Uint8Array {
    const mac = routerMac(subnet);
    const { in: aclIn, out: aclOut } = aclOf(this.#state, subnet);
    return subnetRecord({
      ipv4Cidr: subnet.ipv4Cidr,
      ipv6Cidr: subnet.ipv6Cidr,
      routerIpv4: subnet.ipv4Cidr === undefined ? undefined : routerAddress(subnet.ipv4Cidr),
      routerLinkLocal: linkLocalBytes(mac),
      routerMac: mac,
      aclIn: this.#rules.addAll(aclIn.map((rule) => this.#rule(rule))),
      aclOut: this.#rules.addAll(aclOut.map((rule) => this.#rule(rule))),
      routes: this.#routes.addAll(this.#routesOf(subnet)),
      vpc: this.#state.vpc.findIndex(({ id }) => id === subnet.vpc),
    });
  }

  // From outside everything may try, and gets to what is local alone.
  #outsideSubnet({ vpc, uplink }: Outside): Uint8Array {
    const mac = routerMac(vpc);
    const blocks = [...vpc.ipv4Cidrs, ...(uplink.ipv6Cidr === undefined ? [] : vpc.ipv6Cidrs)];
    const all = this.#rules.addAll(passAll.map((rule) => this.#rule(rule)));
    return subnetRecord({
      ipv4Cidr: uplink.ipv4Cidr,
      ipv6Cidr: uplink.ipv6Cidr,
      routerIpv4: uplinkAddresses(uplink).router,
      routerLinkLocal: linkLocalBytes(mac),
      routerMac: mac,
      aclIn: all,
      aclOut: all,
      routes: this.#routes.addAll(localRoutes(blocks).map((route) => this.#route(route))),
      vpc: this.#state.vpc.indexOf(vpc),
    });
  }

  #outside({ vpc, uplink, subnet, instance }: Outside): Uint8Array {
    const { host, hostIpv6 } = uplinkAddresses(uplink);
    const own = [host, ...(hostIpv6 === undefined ? [] : [hostIpv6])].map(ownBlock);
    const all = this.#rules.addAll(passAll.map((rule) => this.#rule(rule)));
    const said = ['uplink', uplink, vpc.ipv4Cidrs, vpc.ipv6Cidrs, this.#neighbors(vpc.id)];
    return interfaceRecord({
      identity: interfaceIdentity(vpc.id),
      policyHash: hashOf(said),
      mac: uplinkMac(vpc),
      hasSourceDestCheck: false,
      isUplink: true,
      addresses: this.#prefixes.addAll(own.map(prefixRecord)),
      rulesIn: all,
      rulesOut: all,
      subnet,
      instance,
      timeouts,
    });
  }

  #interface(served: Served | undefined): Uint8Array {
    if (served === undefined) return interfaceRecord(undefined);
    const { one, subnet, instance } = served;
    const addresses = [...one.ipv4Addresses, ...one.ipv6Addresses].map(ownBlock);
    return interfaceRecord({
      identity: interfaceIdentity(one.id),
      policyHash: this.#hash(served),
      mac: macBytes(one.macAddress),
      hasSourceDestCheck: one.hasSourceDestCheck,
      isUplink: false,
      addresses: this.#prefixes.addAll(addresses.map(prefixRecord)),
      rulesIn: this.#groupRules(one, 'ingress'),
      rulesOut: this.#groupRules(one, 'egress'),
      subnet: this.#state.subnet.indexOf(subnet),
      instance,
      timeouts,
    });
  }

  // Interfaces of the same groups share their rules.
  #groupRules(one: NetworkInterface, direction: 'ingress' | 'egress'): Range {
    const key = `${direction} ${one.securityGroups.toSorted().join()}`;
    const known = this.#ruleRanges.get(key);
    if (known !== undefined) return known;
    const rules = rulesOf(this.#state, one, direction).map((rule) => this.#rule(rule));
    const range = this.#rules.addAll(rules);
    this.#ruleRanges.set(key, range);
    return range;
  }

  #rule({ words: { group, ...rule }, id }: NumberedRule): Uint8Array {
    const bit = group === undefined ? undefined : (this.#groupBits.get(group) ?? 0);
    return ruleRecord({ ...rule, groupBit: bit, id });
  }

  #routesOf(subnet: Subnet): readonly Uint8Array[] {
    const outside = this.#outsideOf(subnet.vpc);
    const routes = routesWithUplink(routesOf(this.#state, subnet), outside?.uplink);
    return routes.map((route) => this.#route(route, outside));
  }

  #route({ destination, kind, interface: id }: CompiledRoute, outside?: Outside): Uint8Array {
    const index =
      kind === 'uplink' ? outside?.index : this.#served.find(({ one }) => one.id === id)?.index;
    const words: RouteWords =
      typeof index === 'number'
        ? { destination, target: 'interface', interface: index }
        : { destination, target: kind === 'local' ? 'local' : 'blackhole', interface: 0 };
    return routeRecord(words);
  }

  #outsideOf(vpc: string): Outside | undefined {
    return this.#outsides.find((outside) => outside.vpc.id === vpc);
  }

  #mappings(): Section {
    const all = this.#served.flatMap(({ one, subnet, index }) => {
      const vpc = this.#state.vpc.findIndex(({ id }) => id === subnet.vpc);
      const groupSet = this.#groupSet(one.securityGroups);
      return [...one.ipv4Addresses, ...one.ipv6Addresses].map((address) => {
        return { address: wideAddress(address), vpc, interface: index, groupSet };
      });
    });
    const section = new Section();
    const order = all.toSorted((a, b) => {
      if (a.vpc !== b.vpc) return a.vpc - b.vpc;
      return a.address < b.address ? -1 : 1;
    });
    for (const mapping of order) section.add(mappingRecord(mapping));
    return section;
  }

  #groupSet(groups: readonly string[]): number {
    const key = groups.toSorted().join();
    const known = this.#setNumbers.get(key);
    if (known !== undefined) return known;
    const words = new BigUint64Array(this.#setWords);
    for (const group of groups) {
      const bit = this.#groupBits.get(group) ?? 0;
      const word = Math.floor(bit / 64);
      words[word] = (words[word] ?? 0n) | (1n << BigInt(bit % 64));
    }
    for (const word of words) {
      const record = Buffer.alloc(8);
      record.writeBigUInt64LE(word);
      this.#groupSets.add(record);
    }
    const number = this.#setNumbers.size;
    this.#setNumbers.set(key, number);
    return number;
  }

  // Of what the policy says, not of the numbers that it says it with: a group that is made
  // elsewhere changes nothing here.
  #hash({ one, subnet }: Served): bigint {
    const outside = this.#outsideOf(subnet.vpc);
    return hashOf([
      one.macAddress,
      one.ipv4Addresses,
      one.ipv6Addresses,
      one.hasSourceDestCheck,
      timeouts,
      wordsOf(rulesOf(this.#state, one, 'ingress')),
      wordsOf(rulesOf(this.#state, one, 'egress')),
      [subnet.id, subnet.ipv4Cidr, subnet.ipv6Cidr],
      Object.values(aclOf(this.#state, subnet)).map(wordsOf),
      routesOf(this.#state, subnet),
      this.#neighbors(subnet.vpc),
      ...(outside === undefined ? [] : [outside.uplink]),
    ]);
  }

  // Whom a packet of the VPC may get to.
  #neighbors(vpc: string): readonly unknown[] {
    return this.#served
      .filter(({ subnet }) => subnet.vpc === vpc)
      .map(({ one: { id, ipv4Addresses, ipv6Addresses, securityGroups } }) => {
        return [id, ipv4Addresses, ipv6Addresses, securityGroups.toSorted()];
      })
      .toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1));
  }
}

function hashOf(said: readonly unknown[]): bigint {
  return createHash('sha256').update(JSON.stringify(said)).digest().readBigUInt64LE();
}

type GroupedRule = RuleWords & { readonly group?: string };

interface NumberedRule {
  readonly words: GroupedRule;
  readonly id: number;
}

// SG-1: the rules of all groups are one set, each of them once.
function rulesOf(
  state: NetworkState,
  { securityGroups }: NetworkInterface,
  direction: 'ingress' | 'egress',
): readonly NumberedRule[] {
  const rules = new Map<string, NumberedRule>();
  for (const group of securityGroups.toSorted()) {
    const bit = state['security-group'].findIndex(({ id }) => id === group);
    for (const [place, rule] of must(state['security-group'], group)[direction].entries()) {
      for (const words of ruleWords(state, rule)) {
        const key = JSON.stringify(words);
        if (!rules.has(key)) rules.set(key, { words, id: groupRuleId(bit, place) });
      }
    }
  }
  return [...rules.values()];
}

function wordsOf(rules: readonly NumberedRule[]): readonly GroupedRule[] {
  return rules.map(({ words }) => words);
}

// One for each block of a prefix list.
function ruleWords(state: NetworkState, rule: SecurityGroupRule): readonly GroupedRule[] {
  const { peer, description: _description, ...match } = rule;
  const isDeny = false;
  return peer.kind === 'group'
    ? [{ ...match, isDeny, cidr: undefined, group: peer.group }]
    : peerBlocks(state, rule).map((cidr) => ({ ...match, isDeny, cidr }));
}

// NA-5: without an ACL everything passes.
const passAll: readonly NumberedRule[] = everywhere.map((cidr) => {
  return { words: { ...anything, isDeny: false, cidr }, id: 0 };
});

function aclOf(
  state: NetworkState,
  { networkAcl }: Subnet,
): { readonly in: readonly NumberedRule[]; readonly out: readonly NumberedRule[] } {
  if (networkAcl === undefined) return { in: passAll, out: passAll };
  const acl = must(state['network-acl'], networkAcl);
  const ordered = (entries: typeof acl.ingress): readonly NumberedRule[] =>
    entries
      .toSorted((a, b) => a.number - b.number)
      .map(({ number, action, ...match }) => {
        return { words: { ...match, isDeny: action === 'deny' }, id: number };
      });
  return { in: ordered(acl.ingress), out: ordered(acl.egress) };
}

/** What a card knows the interface with an id by: the first 64 of its 68 random bits. */
export function interfaceIdentity(id: string): bigint {
  return BigInt(`0x${id.slice(-17, -1)}`) || 1n;
}

/** The same of an instance. */
export function instanceIdentity(id: string): bigint {
  return interfaceIdentity(id);
}

function must<Item extends { readonly id: string }>(all: readonly Item[], id: string): Item {
  const found = all.find((item) => item.id === id);
  if (found === undefined) throw new TypeError(`there is no ${id}`);
  return found;
}
