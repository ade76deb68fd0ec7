// SPDX-License-Identifier: Apache-2.0

import type { Cancellable } from '../base/deadline.ts';
import type { Progress } from '../base/progress.ts';

/** A kernel and what it starts with, given to QEMU directly: no firmware, no disk. */
export interface DirectBootImage {
  readonly kind: 'direct-boot';
  readonly name: string;
  /** Hex SHA-256 of what the image is made from, or of its files when a user brought them. */
  readonly digest: string;
  readonly kernelPath: string;
  /** Absent only for a user's own kernel. */
  readonly initrdPath: string | undefined;
  readonly commandLine: string;
}

/** A raw disk: its bytes are the guest's bytes, whatever they look like. */
export interface DiskImage {
  readonly kind: 'disk';
  readonly name: string;
  /** Hex SHA-256 of what the image is made from; undefined for a user's own disk. */
  readonly digest: string | undefined;
  readonly path: string;
  readonly sizeBytes: number;
}

export interface ImageOptions extends Cancellable {
  /** Where images and their packages are kept; made if missing. */
  readonly cacheDir: string;
  readonly progress: Progress;
}

/**
 * The time stamp of every file that an image makes up itself, in seconds since 1970, so that equal
 * inputs give equal images. 2023-06-10, the day Debian 12 came out; otherwise arbitrary.
 */
export const imageEpochSeconds = 1_686_355_200;
