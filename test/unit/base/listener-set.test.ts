// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { ListenerSet } from '../../../src/base/listener-set.ts';

describe('ListenerSet', () => {
  it('tells every listener, in the order they were added', () => {
    const heard: string[] = [];
    const listeners = new ListenerSet<number>();
    listeners.add((value) => heard.push(`first ${value}`));
    listeners.add((value) => heard.push(`second ${value}`));

    listeners.emit(7);

    expect(heard).toEqual(['first 7', 'second 7']);
  });

  it('tells a listener no more once its handle is disposed, twice being fine', () => {
    const heard: number[] = [];
    const listeners = new ListenerSet<number>();
    const handle = listeners.add((value) => heard.push(value));

    listeners.emit(1);
    handle[Symbol.dispose]();
    handle[Symbol.dispose]();
    listeners.emit(2);

    expect(heard).toEqual([1]);
  });

  it('counts the same function twice when it is added twice', () => {
    const heard: number[] = [];
    const listeners = new ListenerSet<number>();
    const listener = (value: number): void => {
      heard.push(value);
    };
    const first = listeners.add(listener);
    listeners.add(listener);

    listeners.emit(1);
    first[Symbol.dispose]();
    listeners.emit(2);

    expect(heard).toEqual([1, 1, 2]);
  });

  it('lets a listener remove itself and add another while being told', () => {
    const heard: string[] = [];
    const listeners = new ListenerSet<number>();
    const handle = listeners.add((value) => {
      heard.push(`once ${value}`);
      handle[Symbol.dispose]();
      listeners.add((later) => heard.push(`later ${later}`));
    });

    listeners.emit(1);
    listeners.emit(2);

    expect(heard).toEqual(['once 1', 'later 2']);
  });
});
