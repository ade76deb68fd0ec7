// SPDX-License-Identifier: Apache-2.0

import { parseInstanceId } from '../../base/instance-id.ts';
import type { InterfaceDriver } from '../driver/interfaces.ts';
import type { NetworkDriver } from '../driver/networks.ts';
import type { HandlersOf } from './handler.ts';
import { idOf, interfaceWords } from './network-words.ts';
import { resourceMethods } from './resource-methods.ts';
import { describeTrace, type FlowTracer, parseTracePacket } from './traces.ts';

/** The methods of the service Interfaces. */
export function interfaceHandlers(
  driver: NetworkDriver<'interface'>,
  attachments: Pick<InterfaceDriver, 'attach' | 'detach'>,
  tracer: FlowTracer,
): HandlersOf<'Interfaces'> {
  const interfaces = resourceMethods(driver, interfaceWords);
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
    'Interfaces.AttachInterface': async (request, scope) => {
      const { name, instance, requestId, validateOnly } = request;
      const asked = { interface: idOf(name), instance: parseInstanceId(idOf(instance)) };
      const options = { requestId, isValidateOnly: validateOnly };
      return interfaceWords.describe(await attachments.attach({ ...options, ...asked }, scope));
    },
    'Interfaces.DetachInterface': async (request, scope) => {
      const { name, force, requestId, validateOnly } = request;
      const asked = { interface: idOf(name), isForced: force };
      const options = { requestId, isValidateOnly: validateOnly };
      return interfaceWords.describe(await attachments.detach({ ...options, ...asked }, scope));
    },
    'Interfaces.TraceFlow': async (request, scope) => {
      const { record } = driver.get(idOf(request.name));
      return describeTrace(await tracer.trace(record.id, parseTracePacket(request), scope));
    },
  };
}
