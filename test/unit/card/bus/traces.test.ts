// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { encodeAnswer, encodeRequest, parseAnswer } from '../../../../src/card/bus/messages.ts';
import {
  questionFromWire,
  questionToWire,
  traceFromWire,
} from '../../../../src/card/bus/traces.ts';
import type { Trace, TraceQuestion } from '../../../../src/native/network-watch.ts';
import { sampleQuestion, sampleTrace } from '../samples.ts';

const [step] = sampleTrace().steps;

describe('a trace on the bus', () => {
  it('has what the question says, and a source only if that has one', () => {
    expect(questionToWire(sampleQuestion())).toMatchObject({ index: 3, destination: '10.0.1.11' });
    const { from: index, ...packet } = sampleQuestion();
    expect(questionFromWire({ index, ...packet, source: '' })).toEqual(sampleQuestion());
    const source = '10.0.1.10';
    expect(questionFromWire({ index, ...packet, source })).toEqual(sampleQuestion({ source }));
  });

  it.each<Partial<TraceQuestion>>([
    { from: 4096 },
    { destination: '' },
    { destination: 'example.org' },
    { source: '10.0.0.0/8' },
    { protocol: 256 },
    { destinationPort: 65_536 },
    { tcpFlags: 256 },
  ])('asks nothing with %o', (changes) => {
    const body = { method: 'trace', question: sampleQuestion(changes) } as const;

    expect(() => encodeRequest({ number: 1, body })).toThrow(
      expect.objectContaining({ code: 'invalid-argument' }),
    );
  });

  it.each<Partial<Trace>>([
    { reason: '\u001b[2J' },
    { service: '' },
    { at: 4096 },
    { steps: Array.from({ length: 65 }, () => step as Trace['steps'][number]) },
  ])('takes no card at its word that says %o', (changes) => {
    const body = { kind: 'trace', trace: sampleTrace(changes) } as const;

    expect(() => encodeAnswer({ number: 1, body })).toThrow(
      expect.objectContaining({ code: 'invalid-argument' }),
    );
  });

  it('tells a rule with the number 0 from none', () => {
    const [route] = sampleTrace().steps.filter(({ stage }) => stage === 'route');
    const steps = [{ ...(route as Trace['steps'][number]), rule: 0 }];
    const body = { kind: 'trace', trace: sampleTrace({ steps }) } as const;

    const said = parseAnswer(encodeAnswer({ number: 1, body }));

    expect(said.body).toMatchObject({ trace: { steps: [{ rule: 0 }] } });
  });

  it('has no word for what is not specified', () => {
    const trace = { ...sampleTrace(), steps: [], outcome: 'TRACE_OUTCOME_UNSPECIFIED' } as const;

    expect(() => traceFromWire(trace)).toThrow('the bus has no TRACE_OUTCOME_UNSPECIFIED');
  });
});
