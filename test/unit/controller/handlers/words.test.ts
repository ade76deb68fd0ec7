// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import {
  describeInstance,
  describeLimits,
  describeVolume,
  parseImage,
  parseInstanceName,
  parseLimits,
  parseVolumeName,
  present,
} from '../../../../src/controller/handlers/words.ts';
import type { Attachment, InstanceState } from '../../../../src/controller/model.ts';
import { sampleLimits } from '../../card/samples.ts';
import {
  instanceId,
  sampleAttachment,
  sampleInstance,
  sampleVolume,
  volumeId,
} from '../samples.ts';

const etag = '0123456789abcdef';

describe('words for a volume', () => {
  it.each([
    ['plugged', false, 'ATTACHMENT_STATE_ATTACHING'],
    ['reserved', false, 'ATTACHMENT_STATE_ATTACHING'],
    ['plugged', true, 'ATTACHMENT_STATE_ATTACHED'],
    ['releasing', true, 'ATTACHMENT_STATE_DETACHING'],
    ['busy', true, 'ATTACHMENT_STATE_BUSY'],
  ] as const)('%s, with a driver: %s, is %s', (phase, hasDriver, state) => {
    const attachment: Attachment = sampleAttachment(1, 1, { phase, hasDriver });

    const volume = describeVolume({ volume: sampleVolume(), attachment, etag });

    expect(volume.attachment?.state).toBe(state);
    expect(volume.state).toBe('VOLUME_STATE_IN_USE');
  });

  it.each([
    ['creating', 'VOLUME_STATE_CREATING'],
    ['available', 'VOLUME_STATE_AVAILABLE'],
    ['deleting', 'VOLUME_STATE_DELETING'],
    ['error', 'VOLUME_STATE_ERROR'],
  ] as const)('%s is %s', (phase, state) => {
    const volume = sampleVolume(1, { phase, source: 'x'.repeat(1_000) });

    expect(describeVolume({ volume, attachment: undefined, etag })).toMatchObject({
      name: `volumes/${volumeId(1)}`,
      state,
      source: 'x'.repeat(256),
    });
  });
});

describe('words for an instance', () => {
  it.each([
    ['stopped', 'INSTANCE_STATE_STOPPED'],
    ['starting', 'INSTANCE_STATE_STARTING'],
    ['running', 'INSTANCE_STATE_RUNNING'],
    ['restarting', 'INSTANCE_STATE_STARTING'],
    ['stopping', 'INSTANCE_STATE_STOPPING'],
    ['error', 'INSTANCE_STATE_ERROR'],
  ] as const)('%s is %s', (state: InstanceState, word) => {
    const instance = sampleInstance(1, { state });

    expect(describeInstance({ instance, attachments: [], etag }).state).toBe(word);
  });

  it('name what it boots and what is attached, and its conditions', () => {
    const instance = sampleInstance(1, {
      image: 'none',
      bootVolume: volumeId(3),
      conditions: [{ type: 'A', reason: 'B', message: 'c'.repeat(2_000), changeTimeMs: 1 }],
    });

    const view = { instance, attachments: [sampleAttachment(3, 1)], etag };

    expect(describeInstance(view)).toMatchObject({
      image: 'BOOT_IMAGE_UNSPECIFIED',
      bootVolume: `volumes/${volumeId(3)}`,
      volumes: [`volumes/${volumeId(3)}`],
      conditions: [{ type: 'A', isTrue: true, message: 'c'.repeat(1_024) }],
    });
  });

  it('are read', () => {
    expect(parseImage('BOOT_IMAGE_TINY')).toBe('tiny');
    expect(parseImage('BOOT_IMAGE_DEBIAN')).toBe('debian');
    expect(parseImage('BOOT_IMAGE_UNSPECIFIED')).toBe('none');
  });
});

describe('names and limits', () => {
  it('are read, with or without what stands before an id', () => {
    expect(parseVolumeName(`volumes/${volumeId(1)}`)).toBe(volumeId(1));
    expect(parseInstanceName(`instances/${instanceId(1)}`)).toBe(instanceId(1));
    expect(() => parseVolumeName('volumes/x')).toThrow('is not a volume id');
  });

  it('leave out what is no limit, and read it as none', () => {
    const { totalOperations } = sampleLimits();

    expect(describeLimits(sampleLimits())).toEqual({ totalOperations });
    expect(parseLimits({ totalOperations })).toEqual(sampleLimits());
    expect(parseLimits(undefined).readBytes).toEqual({ perSecond: 0n, burst: 0n });
  });

  it('are missed where they must be there', () => {
    expect(present(0, 'it')).toBe(0);
    expect(() => present(undefined, 'it')).toThrow('it is missing');
  });
});
