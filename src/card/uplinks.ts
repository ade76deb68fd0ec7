// SPDX-License-Identifier: Apache-2.0

// The uplinks of a network card: TAP devices that it makes, each for an interface of its policy.
// One that cannot be made, or is deleted, is tried again after longer and longer pauses for as long
// as it is wanted: the name of another device may become free, a namespace may be made once more.

import { setTimeout as sleep } from 'node:timers/promises';

import { BackOff } from '../base/back-off.ts';
import { ArgonError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import { native } from '../native/error-kind.ts';
import type {
  NativeNetworkCard,
  NativeUplinkLink,
  NativeUplinkOptions,
} from '../native/network-addon.ts';
import { blockOf, familyOf, formatAddress, type IpAddress } from '../network/model/address.ts';
import { ipv4Bytes, ipv6Bytes } from '../network/services/addresses.ts';
import type { UplinkDevice, UplinkLink } from '../network/uplink.ts';
import type { UplinkState } from './bus/interfaces.ts';

const openHint = 'an uplink takes root, a name that no other device has, and its namespace';

interface Uplink {
  readonly device: UplinkDevice;
  isThere: boolean;
  /** Why it is not there, once it was tried. */
  trouble: ArgonError | undefined;
  sinceMs: number;
}

type Card = Pick<NativeNetworkCard, 'addUplink' | 'removeInterface'>;

export class Uplinks implements AsyncDisposable {
  readonly #card: Card;
  readonly #logger: Logger;
  /** By the number of the interface. */
  readonly #uplinks = new Map<number, Uplink>();
  /** The end of the last change of what is there; never rejects. */
  #changing: Promise<void> = Promise.resolve();
  /** While something is tried again; never rejects. */
  #retrying: Promise<void> | undefined;
  readonly #closing = new AbortController();

  constructor(card: Card, logger: Logger) {
    this.#card = card;
    this.#logger = logger;
  }

  /**
   * Takes away the devices that are not among these. Before the policy that has these: the number
   * of one that goes may be another's in it.
   */
  async close(devices: readonly UplinkDevice[]): Promise<void> {
    const wanted = new Map(devices.map((device) => [device.index, textOf(device)]));
    await this.#change(async () => {
      for (const [index, { device, isThere }] of this.#uplinks) {
        if (wanted.get(index) === textOf(device)) continue;
        this.#uplinks.delete(index);
        if (isThere) await native(this.#card.removeInterface(index));
      }
    });
  }

  /** Makes those that are missing. Returns why some are not there yet; the others are. */
  async open(devices: readonly UplinkDevice[]): Promise<readonly ArgonError[]> {
    await this.#change(async () => {
      for (const device of devices.filter(({ index }) => !this.#uplinks.has(index))) {
        const uplink = { device, isThere: false, trouble: undefined, sinceMs: Date.now() };
        this.#uplinks.set(device.index, uplink);
      }
      await this.#makeMissing();
    });
    return this.#missing().flatMap(({ trouble }) => trouble ?? []);
  }

  states(): readonly UplinkState[] {
    return Array.from(this.#uplinks.values(), ({ device: { vpc }, trouble, sinceMs }) => {
      return { vpc, trouble: trouble === undefined ? '' : sentenceOf(trouble), sinceMs };
    });
  }

  /** Nothing is made after this. What is there goes with the card. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#retrying;
    await this.#changing;
  }

  /** One change after another. */
  async #change(work: () => Promise<void>): Promise<void> {
    const before = this.#changing;
    const change = async (): Promise<void> => {
      await before;
      await work();
    };
    const changed = change();
    this.#changing = changed.catch(() => {}); // Whoever asked for it hears of it.
    await changed;
  }

  #missing(): readonly Uplink[] {
    return [...this.#uplinks.values()].filter(({ isThere }) => !isThere);
  }

  async #makeMissing(): Promise<void> {
    for (const uplink of this.#missing()) await this.#make(uplink);
  }

  async #make(uplink: Uplink): Promise<void> {
    const { device } = uplink;
    try {
      const onFailure = (): void => {
        this.#lose(uplink);
      };
      await native(this.#card.addUplink(optionsOf(device), onFailure), openHint);
      uplink.isThere = true;
      if (uplink.trouble === undefined) return;
      uplink.trouble = undefined;
      uplink.sinceMs = Date.now();
      this.#logger.info({ uplink: device.tap, vpc: device.vpc }, 'the uplink is there');
    } catch (thrown) {
      this.#note(uplink, problemOf(device, thrown));
    }
  }

  // The device carries nothing any more.
  #lose(uplink: Uplink): void {
    const { index, tap, vpc } = uplink.device;
    const clear = async (): Promise<void> => {
      if (this.#uplinks.get(index) !== uplink || !uplink.isThere) return;
      uplink.isThere = false;
      const message = `the uplink ${tap} of ${vpc} was deleted`;
      this.#note(uplink, new ArgonError('unavailable', message));
      await native(this.#card.removeInterface(index));
    };
    this.#change(clear).catch((thrown: unknown) => {
      this.#logger.error({ err: thrown, uplink: tap }, 'an uplink is not cleared away');
    });
  }

  #note(uplink: Uplink, trouble: ArgonError): void {
    // Every try may fail alike.
    if (uplink.trouble?.message !== trouble.message) this.#logger.error(sentenceOf(trouble));
    if (uplink.trouble === undefined) uplink.sinceMs = Date.now();
    uplink.trouble = trouble;
    this.#retrying ??= this.#retry();
  }

  async #retry(): Promise<void> {
    const { signal } = this.#closing;
    const backOff = new BackOff();
    try {
      do {
        await sleep(backOff.next(0), undefined, { signal });
        await this.#change(async () => this.#makeMissing());
      } while (this.#missing().length > 0);
    } catch {
      // The card ends.
    }
    this.#retrying = undefined;
  }
}

function textOf(device: UplinkDevice): string {
  return JSON.stringify(device);
}

function sentenceOf({ message, hint }: ArgonError): string {
  return hint === undefined ? message : `${message}: ${hint}`;
}

function optionsOf(device: UplinkDevice): NativeUplinkOptions {
  const { vpc, index, tap, namespacePath, mac, ipv4, ipv6 } = device;
  return {
    name: `uplink of ${vpc}`,
    index,
    tap,
    namespacePath,
    mac: Buffer.from(mac, 'hex'),
    ipv4: linkOf(ipv4),
    ...(ipv6 === undefined ? {} : { ipv6: linkOf(ipv6) }),
  };
}

function linkOf({ address, gateway, prefixLength, routes }: UplinkLink): NativeUplinkLink {
  return {
    address: addressBytes(address),
    gateway: addressBytes(gateway),
    prefixLength,
    routes: routes.map((route) => {
      const { family, first, prefixLength: bits } = blockOf(route);
      return { network: addressBytes(formatAddress(family, first)), prefixLength: bits };
    }),
  };
}

function addressBytes(address: IpAddress): Uint8Array {
  return familyOf(address) === 'ipv4' ? ipv4Bytes(address) : ipv6Bytes(address);
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
