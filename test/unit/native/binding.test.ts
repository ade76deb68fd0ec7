// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import {
  abiVersion,
  loadBlockAddon,
  loadFrontendAddon,
  loadHostAddon,
  loadNetworkAddon,
} from '../../../src/native/binding.ts';
import { errorKinds } from '../../../src/native/error-kind.ts';

describe.each([
  ['block', loadBlockAddon],
  ['network', loadNetworkAddon],
  ['host', loadHostAddon],
  ['frontend', loadFrontendAddon],
])('the %s addon', (_name, load) => {
  it('is of the version that the binding wants', () => {
    expect(load().abiVersion).toBe(abiVersion);
  });

  it('has the error kinds that error-kind.ts has, in the same order', () => {
    expect(load().errorKinds).toEqual(errorKinds);
  });

  it('is the same one when it is loaded again', () => {
    expect(load()).toBe(load());
  });
});

describe('the exports', () => {
  it('are what addons.ts says, and no more', () => {
    const common = ['abiVersion', 'errorKinds'];

    expect(Object.keys(loadBlockAddon()).toSorted()).toEqual(['BlockCard', ...common]);
    expect(Object.keys(loadNetworkAddon()).toSorted()).toEqual([
      'NetworkCard',
      ...common,
      'setHopLimit',
    ]);
    expect(Object.keys(loadHostAddon()).toSorted()).toEqual([
      'CounterReader',
      'FdStream',
      'abiVersion',
      'createCounterMemory',
      'createMapFile',
      'createMasterKey',
      'createSocketPair',
      'createVolumeKey',
      'errorKinds',
      'growVolume',
      'guardProcess',
      'inspectHost',
      'isLocked',
      'measureCrypto',
      'peerCredentials',
    ]);
    expect(Object.keys(loadFrontendAddon()).toSorted()).toEqual([
      'BlockFrontend',
      'abiVersion',
      'conformanceFacts',
      'errorKinds',
      'holdNetInterfaces',
      'listChainCases',
      'listConformanceCases',
      'runConformanceCase',
      'runNetLoad',
      'sizesForLoad',
    ]);
  });
});
