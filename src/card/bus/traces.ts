// SPDX-License-Identifier: Apache-2.0

// Traces as they go over the card bus, and as native code takes and gives them.

import type {
  TraceQuestion as QuestionMessage,
  TraceStep as StepMessage,
  Trace as TraceMessage,
} from '../../api/generated/argon/card/v1/card-bus.ts';
import type { Init } from '../../api/schema.ts';
import type { Trace, TraceQuestion, TraceStep } from '../../native/network-watch.ts';
import { traceDirections, traceOutcomes, traceStages, traceTargets, wordOf } from './words.ts';

export function questionToWire({ from, ...packet }: TraceQuestion): Init<QuestionMessage> {
  return { index: from, ...packet };
}

export function questionFromWire({ index, source, ...packet }: QuestionMessage): TraceQuestion {
  return { from: index, ...(source === '' ? {} : { source }), ...packet };
}

export function traceToWire({ steps, outcome, ...rest }: Trace): Init<TraceMessage> {
  return { ...rest, outcome: traceOutcomes[outcome], steps: steps.map(stepToWire) };
}

/** @throws ArgonError invalid-argument. */
export function traceFromWire({ steps, outcome, ...rest }: TraceMessage): Trace {
  return { ...rest, outcome: wordOf(traceOutcomes, outcome), steps: steps.map(stepFromWire) };
}

function stepToWire({ stage, direction, rule, route, ...rest }: TraceStep): Init<StepMessage> {
  return {
    ...rest,
    stage: traceStages[stage],
    direction: traceDirections[direction],
    ...(rule === undefined ? {} : { rule: { id: rule } }),
    ...(route === undefined ? {} : { route: { ...route, target: traceTargets[route.target] } }),
  };
}

function stepFromWire({ stage, direction, rule, route, ...rest }: StepMessage): TraceStep {
  return {
    ...rest,
    stage: wordOf(traceStages, stage),
    direction: wordOf(traceDirections, direction),
    ...(rule === undefined ? {} : { rule: rule.id }),
    ...(route === undefined
      ? {}
      : { route: { ...route, target: wordOf(traceTargets, route.target) } }),
  };
}
