// SPDX-License-Identifier: Apache-2.0

import { ArgonError } from '../../base/errors.ts';
import type { NetworkDriver } from '../driver/networks.ts';
import type { HandlersOf } from './handler.ts';
import { interfaceWords } from './network-words.ts';
import { resourceMethods } from './resource-methods.ts';

/** The methods of the service Interfaces; no card serves interfaces yet, so none is attached. */
export function interfaceHandlers(driver: NetworkDriver<'interface'>): HandlersOf<'Interfaces'> {
  const interfaces = resourceMethods(driver, interfaceWords);
  const noCard = (): ArgonError =>
    new ArgonError('unimplemented', 'this host has no network card', {
      hint: 'an interface can be made, and attached where there is a network card',
    });
  return {
    'Interfaces.CreateInterface': async ({ interface: asked, ...options }, scope) =>
      interfaces.create(asked, options, scope),
    'Interfaces.GetInterface': async (request) => interfaces.get(request),
    'Interfaces.ListInterfaces': async (request) => {
      const { items, nextPageToken } = interfaces.list(request);
      return { interfaces: items, nextPageToken };
    },
    'Interfaces.UpdateInterface': async ({ interface: asked, ...options }, scope) =>
      interfaces.update(asked, options, scope),
    'Interfaces.DeleteInterface': async (request, scope) => interfaces.delete(request, scope),
    'Interfaces.AttachInterface': async (request) => {
      interfaces.get(request);
      throw noCard();
    },
    'Interfaces.DetachInterface': async (request) => {
      interfaces.get(request);
      throw noCard();
    },
  };
}
