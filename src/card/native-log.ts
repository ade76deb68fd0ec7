// SPDX-License-Identifier: Apache-2.0

import { assertNever } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { NativeLogLevel } from '../native/addons.ts';

/** Logs a line of native code, at its level and with the object that it is about. */
export function logNative(
  logger: Logger,
  level: NativeLogLevel,
  object: string,
  message: string,
): void {
  switch (level) {
    case 0:
      logger.debug({ object }, message);
      return;
    case 1:
      logger.info({ object }, message);
      return;
    case 2:
      logger.warn({ object }, message);
      return;
    case 3:
      logger.error({ object }, message);
      return;
  }
  assertNever(level);
}
