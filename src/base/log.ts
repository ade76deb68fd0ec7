// SPDX-License-Identifier: Apache-2.0

// Operational log: JSON lines by pino, written synchronously to one file descriptor. No transports,
// which would start threads, and no field that may hold a secret: keys never are JS values.

import { destination, type Logger, pino } from 'pino';

export type { Logger } from 'pino';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** A logger named after its part (`card`, `qemu`) that appends to `file`, or to stderr. */
export function createLogger(name: string, level: LogLevel, file?: string): Logger {
  return pino(
    { name, level, base: { pid: process.pid } },
    destination({ dest: file ?? 2, sync: true, mkdir: false }),
  );
}
