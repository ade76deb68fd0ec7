// SPDX-License-Identifier: Apache-2.0

// The uplinks of a network card: TAP devices that it has made, each for an interface of its policy.

import { ArgonError } from '../base/errors.ts';
import { native } from '../native/error-kind.ts';
import type { NativeNetworkCard } from '../native/network-addon.ts';
import { addressValue, blockOf } from '../network/model/address.ts';
import type { UplinkDevice } from '../network/uplink.ts';

const openHint = 'an uplink takes root, a name that no other device has, and its namespace';

export class Uplinks {
  readonly #card: Pick<NativeNetworkCard, 'addUplink' | 'removeInterface'>;
  /** What each was made of, by the number of its interface. */
  readonly #open = new Map<number, string>();

  constructor(card: Pick<NativeNetworkCard, 'addUplink' | 'removeInterface'>) {
    this.#card = card;
  }

  /**
   * Takes away the devices that are not among these. Before the policy that has these: the number
   * of one that goes may be another's in it.
   */
  async close(devices: readonly UplinkDevice[]): Promise<void> {
    const wanted = new Map(devices.map((device) => [device.index, JSON.stringify(device)]));
    for (const [index, made] of this.#open) {
      if (wanted.get(index) === made) continue;
      this.#open.delete(index);
      await native(this.#card.removeInterface(index));
    }
  }

  /** Makes those that are missing. Returns why some are not there; the others are. */
  async open(devices: readonly UplinkDevice[]): Promise<readonly ArgonError[]> {
    const problems: ArgonError[] = [];
    for (const device of devices.filter(({ index }) => !this.#open.has(index))) {
      try {
        await native(this.#card.addUplink(optionsOf(device)), openHint);
        this.#open.set(device.index, JSON.stringify(device));
      } catch (thrown) {
        problems.push(problemOf(device, thrown));
      }
    }
    return problems;
  }
}

function optionsOf(device: UplinkDevice): Parameters<NativeNetworkCard['addUplink']>[0] {
  const { vpc, index, tap, namespacePath, mac, address, gateway, prefixLength, routes } = device;
  return {
    name: `uplink of ${vpc}`,
    index,
    tap,
    namespacePath,
    mac: Buffer.from(mac, 'hex'),
    address: Number(addressValue(address)),
    gateway: Number(addressValue(gateway)),
    prefixLength,
    routes: routes.map((route) => {
      const block = blockOf(route);
      return { network: Number(block.first), prefixLength: block.prefixLength };
    }),
  };
}

// Who may not make one needs another user, as for whatever else this machine lacks.
function problemOf({ vpc, tap }: UplinkDevice, thrown: unknown): ArgonError {
  const { code, message, hint } = ArgonError.from(thrown);
  return new ArgonError(
    code === 'permission-denied' ? 'failed-precondition' : code,
    `the uplink ${tap} of ${vpc} cannot be made: ${message}`,
    { cause: thrown, ...(hint === undefined ? {} : { hint }) },
  );
}
