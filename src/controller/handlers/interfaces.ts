// SPDX-License-Identifier: Apache-2.0

import type { Interface } from '../../api/generated/argon/v1/interfaces.ts';
import { ArgonError } from '../../base/errors.ts';
import type { InterfaceDriver } from '../driver/interfaces.ts';
import type { NetworkInterface } from '../model.ts';
import type { HandlersOf } from './handler.ts';
import { present } from './words.ts';

/** The methods of the service Interfaces; no card serves interfaces yet, so none is attached. */
export function interfaceHandlers(interfaces: InterfaceDriver): HandlersOf<'Interfaces'> {
  const noCard = (): ArgonError =>
    new ArgonError('unimplemented', 'this host has no network card', {
      hint: 'an interface can be made, and attached where there is a network card',
    });
  return {
    'Interfaces.CreateInterface': async ({ interface: asked, requestId, validateOnly }, scope) => {
      const { displayName, macAddress } = present(asked, 'interface');
      const request = { requestId, isValidateOnly: validateOnly, displayName, macAddress };
      return describe(await interfaces.create(request, scope));
    },
    'Interfaces.GetInterface': async ({ name }) => describe(interfaces.get(idOf(name))),
    'Interfaces.ListInterfaces': async (request) => {
      const { items, nextPageToken } = interfaces.list(request);
      return { interfaces: items.map(describe), nextPageToken };
    },
    'Interfaces.DeleteInterface': async (request, scope) => {
      const { name, requestId, validateOnly, allowMissing } = request;
      const options = { requestId, isValidateOnly: validateOnly, isMissingAllowed: allowMissing };
      await interfaces.delete({ ...options, id: idOf(name) }, scope);
      return {};
    },
    'Interfaces.AttachInterface': async ({ name }) => {
      interfaces.get(idOf(name));
      throw noCard();
    },
    'Interfaces.DetachInterface': async ({ name }) => {
      interfaces.get(idOf(name));
      throw noCard();
    },
  };
}

function idOf(name: string): string {
  return name.replace(/^interfaces\//, '');
}

function describe({ id, displayName, macAddress, createTimeMs }: NetworkInterface): Interface {
  return {
    name: `interfaces/${id}`,
    displayName,
    macAddress,
    instance: '',
    conditions: [],
    createTime: new Date(createTimeMs),
  };
}
