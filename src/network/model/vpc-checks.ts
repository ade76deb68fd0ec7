// SPDX-License-Identifier: Apache-2.0

// VPCs and subnets: which blocks they may have. RFC 6890 has the blocks that are nobody's.

import {
  type AddressFamily,
  blockOf,
  type Cidr,
  doOverlap,
  familyOf,
  isWithin,
  parseCidr,
} from './address.ts';
import { quotas } from './quotas.ts';
import type { NetworkState, Subnet, Uplink, Vpc } from './records.ts';
import { checkQuota, refuse } from './refusal.ts';

const ipv4Prefix = { min: 16, max: 28 }; // AD-1.
const vpcIpv6Prefix = { min: 44, max: 60, step: 4 };
const subnetIpv6Prefix = 64; // AD-1.
// Its router's address and the host's are four with the first and the last.
const uplinkPrefixes = { ipv4: { min: 16, max: 30 }, ipv6: { min: 64, max: 126 } } as const;

// "This network", loopback, link-local, multicast and what is reserved above it.
const unusable = [
  '0.0.0.0/8',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '224.0.0.0/3',
  'fd00:ec2::/32', // RT-4: the services of the host.
].map(parseCidr);
// Global unicast, and unique local addresses.
const usableIpv6 = ['2000::/3', 'fc00::/7'].map(parseCidr);

/** @throws FieldError for a VPC that cannot stand beside what there is. */
export function checkVpc(state: NetworkState, vpc: Vpc): void {
  const others = state.vpc.filter(({ id }) => id !== vpc.id);
  checkQuota('vpcs', others.length + 1, quotas.vpcs, 'on a host');
  checkBlocks('ipv4_cidrs', vpc.ipv4Cidrs);
  checkBlocks('ipv6_cidrs', vpc.ipv6Cidrs);
  if (vpc.ipv4Cidrs.length + vpc.ipv6Cidrs.length === 0) {
    throw refuse('ipv4_cidrs', 'has no block, and neither has ipv6_cidrs');
  }
  const before = state.vpc.find(({ id }) => id === vpc.id);
  if (before?.ipv4Cidrs[0] !== undefined && before.ipv4Cidrs[0] !== vpc.ipv4Cidrs[0]) {
    throw refuse('ipv4_cidrs[0]', `is the primary block and stays ${before.ipv4Cidrs[0]}`);
  }
  if (vpc.uplink !== undefined) checkUplink(vpc, vpc.uplink, others);
  const { dhcpOptions } = vpc;
  if (dhcpOptions !== undefined && !state['dhcp-options'].some(({ id }) => id === dhcpOptions)) {
    throw refuse('dhcp_options', 'does not exist');
  }
  for (const subnet of state.subnet.filter((one) => one.vpc === vpc.id)) {
    if (hasBlocksOf(vpc, subnet)) continue;
    throw refuse('ipv4_cidrs', `and ipv6_cidrs lack the blocks of subnet ${subnet.id}`);
  }
}

// Where the device is, no other uplink's has its name; its link is no part of what is behind it.
function checkUplink(vpc: Vpc, uplink: Uplink, others: readonly Vpc[]): void {
  const { tap, namespace } = uplink;
  const beside = others.flatMap(({ id, uplink: one }) => {
    return one === undefined || one.namespace !== namespace ? [] : [{ id, uplink: one }];
  });
  for (const other of beside) {
    if (other.uplink.tap === tap) throw refuse('uplink.tap', `is that of ${other.id} too`);
  }
  checkLink('ipv4', uplink, vpc, beside);
  checkLink('ipv6', uplink, vpc, beside);
}

function checkLink(
  family: AddressFamily,
  uplink: Uplink,
  vpc: Vpc,
  beside: readonly { readonly id: string; readonly uplink: Uplink }[],
): void {
  const field = `uplink.${family}_cidr`;
  const cidr = uplink[`${family}Cidr`];
  if (cidr === undefined) return;
  checkFamily(field, cidr, family);
  checkPrefix(field, cidr, uplinkPrefixes[family]);
  const bad = unusable.find((block) => doOverlap(block, cidr));
  if (bad !== undefined) throw refuse(field, `overlaps ${bad}, which no uplink can have`);
  checkUsable(field, cidr);
  const own = vpc[`${family}Cidrs`].find((block) => doOverlap(block, cidr));
  if (own !== undefined) throw refuse(field, `overlaps ${own}, which is the VPC's`);
  for (const { id, uplink: other } of beside) {
    const block = other[`${family}Cidr`];
    if (block === undefined || !doOverlap(block, cidr)) continue;
    throw refuse(field, `overlaps ${block}, the uplink of ${id}`);
  }
}

/** @throws FieldError for a subnet that cannot stand beside what there is. */
export function checkSubnet(state: NetworkState, subnet: Subnet): void {
  const vpc = state.vpc.find(({ id }) => id === subnet.vpc);
  if (vpc === undefined) throw refuse('vpc', 'does not exist');
  const others = state.subnet.filter((one) => one.id !== subnet.id && one.vpc === vpc.id);
  checkQuota('vpc', others.length + 1, quotas.subnetsOfVpc, 'subnets of a VPC');
  const { ipv4Cidr, ipv6Cidr } = subnet;
  if (ipv4Cidr === undefined && ipv6Cidr === undefined) {
    throw refuse('ipv4_cidr', 'is missing, and ipv6_cidr too');
  }
  if (ipv4Cidr !== undefined) {
    checkFamily('ipv4_cidr', ipv4Cidr, 'ipv4');
    checkPrefix('ipv4_cidr', ipv4Cidr, ipv4Prefix);
    checkPlace('ipv4_cidr', ipv4Cidr, vpc.ipv4Cidrs, others);
  }
  if (ipv6Cidr !== undefined) {
    checkFamily('ipv6_cidr', ipv6Cidr, 'ipv6');
    checkPrefix('ipv6_cidr', ipv6Cidr, { min: subnetIpv6Prefix, max: subnetIpv6Prefix });
    checkPlace('ipv6_cidr', ipv6Cidr, vpc.ipv6Cidrs, others);
  }
  checkParts(state, subnet);
}

function checkParts(state: NetworkState, { vpc, routeTable, networkAcl }: Subnet): void {
  for (const [field, id, found] of [
    ['route_table', routeTable, state['route-table'].find((one) => one.id === routeTable)],
    ['network_acl', networkAcl, state['network-acl'].find((one) => one.id === networkAcl)],
  ] as const) {
    if (id === undefined) continue;
    if (found === undefined) throw refuse(field, 'does not exist');
    if (found.vpc !== vpc) throw refuse(field, `is of another VPC, ${found.vpc}`);
  }
}

function checkBlocks(field: string, cidrs: readonly Cidr[]): void {
  checkQuota(field, cidrs.length, quotas.cidrsOfVpc, 'blocks of a family');
  for (const [index, cidr] of cidrs.entries()) {
    const here = `${field}[${index}]`;
    checkFamily(here, cidr, field === 'ipv4_cidrs' ? 'ipv4' : 'ipv6');
    checkPrefix(here, cidr, field === 'ipv4_cidrs' ? ipv4Prefix : vpcIpv6Prefix);
    const bad = unusable.find((block) => doOverlap(block, cidr));
    if (bad !== undefined) throw refuse(here, `overlaps ${bad}, which no VPC can have`);
    checkUsable(here, cidr);
    const other = cidrs.slice(0, index).find((before) => doOverlap(before, cidr));
    if (other !== undefined) throw refuse(here, `overlaps ${other}`);
  }
}

function checkUsable(field: string, cidr: Cidr): void {
  if (familyOf(cidr) === 'ipv4' || usableIpv6.some((block) => isWithin(cidr, block))) return;
  throw refuse(field, `is in none of ${usableIpv6.join(', ')}`);
}

function checkFamily(field: string, cidr: Cidr, family: 'ipv4' | 'ipv6'): void {
  if (familyOf(cidr) !== family) throw refuse(field, `is ${cidr}, which is not ${family}`);
}

function checkPrefix(
  field: string,
  cidr: Cidr,
  { min, max, step = 1 }: { readonly min: number; readonly max: number; readonly step?: number },
): void {
  const { prefixLength } = blockOf(cidr);
  if (prefixLength >= min && prefixLength <= max && (prefixLength - min) % step === 0) return;
  const steps = step === 1 ? '' : ` in steps of ${step}`;
  const wanted = min === max ? `/${min}` : `/${min} to /${max}${steps}`;
  throw refuse(field, `is a /${prefixLength}: it has to be ${wanted}`);
}

function checkPlace(
  field: string,
  cidr: Cidr,
  ofVpc: readonly Cidr[],
  others: readonly Subnet[],
): void {
  if (!ofVpc.some((block) => isWithin(cidr, block))) {
    throw refuse(field, `is in no block of its VPC: ${ofVpc.join(', ') || 'there is none'}`);
  }
  for (const other of others) {
    const block = field === 'ipv4_cidr' ? other.ipv4Cidr : other.ipv6Cidr;
    if (block === undefined || !doOverlap(cidr, block)) continue;
    throw refuse(field, `overlaps ${block} of subnet ${other.id}`);
  }
}

function hasBlocksOf(vpc: Vpc, { ipv4Cidr, ipv6Cidr }: Subnet): boolean {
  const isIn = (cidr: Cidr | undefined, blocks: readonly Cidr[]): boolean =>
    cidr === undefined || blocks.some((block) => isWithin(cidr, block));
  return isIn(ipv4Cidr, vpc.ipv4Cidrs) && isIn(ipv6Cidr, vpc.ipv6Cidrs);
}
