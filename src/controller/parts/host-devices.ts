// SPDX-License-Identifier: Apache-2.0

// All devices of the host for the driver: what is a volume's goes to the block cards, what is an
// interface's to the network card.

import type { Cancellable } from '../../base/deadline.ts';
import type { DeviceHost } from '../driver/host.ts';
import { type Attachment, type DeviceAttachment, isOfInterface } from '../model.ts';
import type { CardDevices, CardStatus } from './device-host.ts';
import type { NetworkDevices } from './network-host.ts';

export class HostDevices implements DeviceHost {
  readonly volumes: CardDevices;
  readonly interfaces: NetworkDevices;

  constructor(volumes: CardDevices, interfaces: NetworkDevices) {
    this.volumes = volumes;
    this.interfaces = interfaces;
  }

  async adopt(scope: Cancellable): Promise<void> {
    await this.volumes.adopt(scope);
    await this.interfaces.adopt(scope);
  }

  async prune(scope: Cancellable): Promise<void> {
    await this.interfaces.prune(scope);
    await this.volumes.prune(scope);
  }

  async open(device: DeviceAttachment, scope: Cancellable): Promise<void> {
    if (isOfInterface(device)) await this.interfaces.open(device, scope);
    else await this.volumes.open(device, scope);
  }

  async close(device: DeviceAttachment, scope: Cancellable): Promise<void> {
    if (isOfInterface(device)) await this.interfaces.close(device, scope);
    else await this.volumes.close(device, scope);
  }

  /** As CardDevices.reopen(). */
  async reopen(served: readonly DeviceAttachment[], scope: Cancellable): Promise<void> {
    const volumes = served.filter((device): device is Attachment => !isOfInterface(device));
    await this.volumes.reopen(volumes, scope);
    await this.interfaces.reopen(served.filter(isOfInterface), scope);
  }

  hasDriver: DeviceHost['hasDriver'] = async (device, scope) =>
    this.volumes.hasDriver(device, scope);
  replace: DeviceHost['replace'] = async (volume, standIn, scope) =>
    this.volumes.replace(volume, standIn, scope);
  growStore: DeviceHost['growStore'] = async (volume, size, scope) =>
    this.volumes.growStore(volume, size, scope);
  growDevice: DeviceHost['growDevice'] = async (volume, size, scope) =>
    this.volumes.growDevice(volume, size, scope);
  setLimits: DeviceHost['setLimits'] = async (level) => this.volumes.setLimits(level);
  failRequests: DeviceHost['failRequests'] = async (volume, scope) =>
    this.volumes.failRequests(volume, scope);

  cards(): readonly CardStatus[] {
    return [...this.volumes.cards(), ...this.interfaces.cards()];
  }

  /** Ends all cards. */
  async stop(): Promise<void> {
    await this.volumes.stop();
    await this.interfaces.stop();
  }

  /** Lets go of all cards, which go on. */
  async abandon(): Promise<void> {
    await this.volumes.abandon();
    await this.interfaces.abandon();
  }
}
