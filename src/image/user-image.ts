// SPDX-License-Identifier: Apache-2.0

// Images that users bring. A disk is raw, always: its format is never guessed from its content,
// which a guest writes. (A guest could write a qcow2 header that names a file of the host.)

import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { basename } from 'node:path';

import type { Cancellable } from '../base/deadline.ts';
import { ArgonError, codeOfErrno, errnoName } from '../base/errors.ts';
import { fileDigest } from './digest.ts';
import type { DirectBootImage, DiskImage } from './image.ts';

const sectorBytes = 512; // The smallest unit of a virtio disk.
const commandLineBytesMax = 2047; // COMMAND_LINE_SIZE of x86 less the final zero.

/**
 * A user's raw disk.
 * @throws ArgonError naming the file when it cannot be read or is no whole number of sectors.
 */
export async function openUserImage(path: string): Promise<DiskImage> {
  const what = `disk image ${path}`;
  await using file = await openRegular(path, what);
  const { size } = await file.stat();
  if (size === 0 || size % sectorBytes !== 0) {
    throw new ArgonError(
      'invalid-argument',
      `${what} has ${size} bytes, which is not one or more sectors of ${sectorBytes} bytes`,
      { hint: 'bring a raw image; "qemu-img convert -O raw" makes one of other formats' },
    );
  }
  return { kind: 'disk', name: basename(path), digest: undefined, path, sizeBytes: size };
}

export interface UserKernel {
  readonly kernelPath: string;
  readonly initrdPath?: string;
  /** Replaces the default, which is a console on the first serial port and an end on panic. */
  readonly commandLine?: string;
}

/**
 * A user's kernel, with or without an initrd.
 * @throws ArgonError naming the file or the command line.
 */
export async function openUserKernel(
  { kernelPath, initrdPath, commandLine = 'console=ttyS0 panic=-1' }: UserKernel,
  { signal }: Cancellable,
): Promise<DirectBootImage> {
  checkCommandLine(commandLine);
  const what = `kernel ${kernelPath}`;
  await using kernel = await openRegular(kernelPath, what);
  await checkKernel(kernel, what);
  const parts = [commandLine, await fileDigest(kernelPath, signal)];
  if (initrdPath !== undefined) {
    await using initrd = await openRegular(initrdPath, `initrd ${initrdPath}`);
    const { size } = await initrd.stat();
    if (size === 0) throw new ArgonError('invalid-argument', `initrd ${initrdPath} is empty`);
    parts.push(await fileDigest(initrdPath, signal));
  }
  return {
    kind: 'direct-boot',
    name: basename(kernelPath),
    digest: createHash('sha256').update(JSON.stringify(parts)).digest('hex'),
    kernelPath,
    initrdPath,
    commandLine,
  };
}

async function openRegular(path: string, what: string): Promise<FileHandle> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (cause) {
    const errno = errnoName(cause);
    throw new ArgonError(codeOfErrno(errno), `${what} cannot be opened: ${errno ?? 'unknown'}`, {
      cause,
      hint: 'check the path and that this user may read the file',
    });
  }
  const found = await file.stat();
  if (found.isFile()) return file;
  await file.close();
  throw new ArgonError('invalid-argument', `${what} is not a regular file`, {
    hint: 'copy a block device into a file first',
  });
}

/** Linux/x86 boot protocol 2.00 or newer, or an ELF kernel, which QEMU starts by PVH. */
async function checkKernel(file: FileHandle, what: string): Promise<void> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(0x206), 0, 0x206, 0);
  const head = buffer.subarray(0, bytesRead);
  const isBzImage = head.subarray(0x202, 0x206).toString('latin1') === 'HdrS';
  const isElf = head.subarray(0, 4).toString('latin1') === '\x7fELF';
  if (!isBzImage && !isElf) {
    throw new ArgonError('invalid-argument', `${what} is not an x86 Linux kernel`, {
      hint: 'bring a bzImage (arch/x86/boot/bzImage, or vmlinuz of a package) or a vmlinux',
    });
  }
}

function checkCommandLine(commandLine: string): void {
  const sizeBytes = Buffer.byteLength(commandLine);
  if (sizeBytes > commandLineBytesMax) {
    throw new ArgonError(
      'invalid-argument',
      `the kernel command line has ${sizeBytes} bytes; the kernel reads ${commandLineBytesMax}`,
    );
  }
  // They would end or split it on the way to the guest.
  if (/\p{Cc}/u.test(commandLine)) {
    throw new ArgonError('invalid-argument', 'the kernel command line has a control character');
  }
}
