// SPDX-License-Identifier: Apache-2.0

// What can be asked of a served device while it is served: limits, faults, power, size, counters.
// One request as JSON, one answer; every part of a request is checked, and one that is not known is
// refused. control-server.ts offers it on a socket.

import { ArgonError, assertNever } from '../base/errors.ts';
import {
  type JsonObject,
  parseChoice,
  parseInteger,
  parseObject,
  parseString,
} from '../base/parse.ts';
import type { LimitLevel } from '../native/addons.ts';
import type { CardControls } from './block-card.ts';
import { formatFaultRule, parseFaultRule } from './fault-spec.ts';
import {
  formatLimits,
  noLimits,
  parseGuestName,
  parseLimitChanges,
  type ScopedLimits,
} from './limit-spec.ts';
import { formatMetrics } from './metrics-text.ts';

export interface ControlTarget {
  readonly card: CardControls;
  /** The device that is meant, and its volume. */
  readonly deviceId: number;
  readonly volumeId: string;
}

export const controlMethods = [
  'limit.set',
  'limit.show',
  'fault.set',
  'fault.list',
  'fault.clear',
  'fault.release',
  'power.cut',
  'power.restore',
  'metrics',
  'store.grow',
  'device.grow',
] as const;
export type ControlMethod = (typeof controlMethods)[number];

/** What `metrics` can answer instead of values: text for Prometheus. */
export const metricsFormats = ['prometheus'] as const;

const seedMax = Number.MAX_SAFE_INTEGER;

/**
 * Does what a request says and returns the value to answer with.
 * @throws ArgonError invalid-argument for anything that is not a request.
 */
export async function handleControl(
  target: ControlTarget,
  method: ControlMethod,
  params: JsonObject,
): Promise<unknown> {
  const { card, deviceId } = target;
  switch (method) {
    case 'limit.set':
      return setLimit(target, checked(params, ['scope', 'name', 'spec']));
    case 'limit.show':
      checked(params, []);
      return { levels: card.limits().map(describeLevel) };
    case 'fault.set': {
      const { spec } = checked(params, ['spec']);
      return { id: card.addFault(deviceId, parseFaultRule(parseString(spec, 'spec'))) };
    }
    case 'fault.list':
      checked(params, []);
      return { rules: listFaults(target) };
    case 'fault.clear':
      return clearFaults(target, checked(params, ['id']));
    case 'fault.release':
      checked(params, []);
      card.releaseFaults(deviceId);
      return {};
    case 'power.cut': {
      const seed = parseInteger(checked(params, ['seed'])['seed'], 'seed', {
        min: 0,
        max: seedMax,
      });
      return card.cutPower(deviceId, BigInt(seed));
    }
    case 'power.restore':
      checked(params, []);
      await card.restorePower(deviceId);
      return {};
    case 'store.grow':
      await card.growStore(deviceId, parseSize(target, params));
      return { volume: target.volumeId };
    case 'device.grow':
      await card.growDevice(deviceId, parseSize(target, params));
      return { volume: target.volumeId };
    case 'metrics':
      return describeMetrics(target, checked(params, ['format']));
  }
  return assertNever(method);
}

// Counters, gauges and histograms; with a format, the page that it stands for.
async function describeMetrics(
  { card, deviceId, volumeId }: ControlTarget,
  { format }: JsonObject,
): Promise<unknown> {
  if (format !== undefined) parseChoice(format, 'format', metricsFormats);
  const metrics = await card.metrics(deviceId);
  if (format !== undefined) return { text: formatMetrics(volumeId, metrics) };
  return { volume: volumeId, ...metrics, limits: card.limits().map(describeLevel) };
}

/** Changes some limits of a level; the others stay as they are. */
export function changeLimits(
  { card, volumeId }: Pick<ControlTarget, 'card' | 'volumeId'>,
  { scope, name, changes }: ScopedLimits,
): void {
  const place = scope === 'volume' && name === '' ? volumeId : name;
  const level = card.limits().find((entry) => entry.scope === scope && entry.name === place);
  card.setLimits(scope, place, { ...(level?.limits ?? noLimits()), ...changes });
}

function setLimit(target: ControlTarget, params: JsonObject): unknown {
  const scope = parseChoice(params['scope'], 'scope', ['host', 'guest', 'volume']);
  const name = params['name'] === undefined ? '' : parseString(params['name'], 'name');
  if (scope === 'guest') parseGuestName(name);
  if (scope !== 'guest' && name !== '') {
    throw new ArgonError('invalid-argument', `limits of the ${scope} take no name`);
  }
  const changes = parseLimitChanges(parseString(params['spec'], 'spec'));
  changeLimits(target, { scope, name, changes });
  return {};
}

function describeLevel(level: LimitLevel): JsonObject {
  const { limits, ...others } = level;
  return { ...others, spec: formatLimits(limits) };
}

function listFaults({ card, deviceId }: ControlTarget): readonly JsonObject[] {
  return card
    .faults(deviceId)
    .map(({ id, rule, matches, hits }) => ({ id, spec: formatFaultRule(rule), matches, hits }));
}

function clearFaults({ card, deviceId }: ControlTarget, { id }: JsonObject): unknown {
  if (id === undefined) card.clearFaults(deviceId);
  else card.removeFault(deviceId, parseInteger(id, 'id', { min: 1, max: 2 ** 32 - 1 }));
  return {};
}

// The volume is named so that a socket that was mixed up grows none but the one that is meant.
function parseSize({ volumeId }: ControlTarget, params: JsonObject): bigint {
  const { volume, sizeBytes } = checked(params, ['volume', 'sizeBytes']);
  if (volume !== volumeId) {
    throw new ArgonError('failed-precondition', `this device serves ${volumeId}`);
  }
  const range = { min: 512, max: Number.MAX_SAFE_INTEGER };
  return BigInt(parseInteger(sizeBytes, 'sizeBytes', range));
}

function checked(params: JsonObject, known: readonly string[]): JsonObject {
  const unknown = Object.keys(parseObject(params, 'params')).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new ArgonError('invalid-argument', `"${unknown}" is not a parameter of this request`);
  }
  return params;
}
