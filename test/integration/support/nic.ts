// SPDX-License-Identifier: Apache-2.0

// As much of a front end of a network interface as needs no descriptors, which Node cannot pass: it
// agrees on features and says that the driver is there.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

// vhost-user's messages, and virtio's bits.
const setFeatures = 2;
const setOwner = 3;
const setProtocolFeatures = 16;
const setStatus = 39;
const version1 = 2n ** 32n;
const hasProtocolFeatures = 2n ** 30n;
const statusFeature = 2n ** 16n;
const driverOk = 15n;

export async function connectNic(path: string): Promise<Socket> {
  const socket = connect(path);
  await once(socket, 'connect');
  socket.on('error', () => {}); // Its close says it all.
  const say = (request: number, payload?: bigint): void => {
    const message = Buffer.alloc(payload === undefined ? 12 : 20);
    message.writeUInt32LE(request, 0);
    message.writeUInt32LE(1, 4); // The protocol's version, and no reply.
    message.writeUInt32LE(message.length - 12, 8);
    if (payload !== undefined) message.writeBigUInt64LE(payload, 12);
    socket.write(message);
  };
  say(setOwner);
  say(setFeatures, version1 + hasProtocolFeatures);
  say(setProtocolFeatures, statusFeature);
  say(setStatus, driverOk);
  return socket;
}
