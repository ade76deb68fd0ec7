// SPDX-License-Identifier: Apache-2.0

// A `.proto` file as server reflection hands it out; the generator writes all of them.

export interface FileDescriptor {
  /** As it is imported: `argon/v1/volumes.proto`. */
  readonly name: string;
  /** Names of the files that it imports. */
  readonly dependencies: readonly string[];
  /** Full names of its messages, enums, services and methods. */
  readonly symbols: readonly string[];
  /** What it extends, and by which numbers. */
  readonly extensions: readonly (readonly [type: string, number: number])[];
  /** google.protobuf.FileDescriptorProto in base64. */
  readonly base64: string;
}
