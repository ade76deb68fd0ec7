// SPDX-License-Identifier: Apache-2.0

// Members of enums in short: as documents, lab files and command lines spell them.

/** `in-use` for the member VOLUME_STATE_IN_USE of the enum `argon.v1.VolumeState`. */
export function shortEnumWord(enumName: string, member: string): string {
  const prefix = enumPrefix(enumName);
  const short = member.startsWith(prefix) ? member.slice(prefix.length) : member;
  return short.toLowerCase().replaceAll('_', '-');
}

// VOLUME_STATE_ of argon.v1.VolumeState.
function enumPrefix(enumName: string): string {
  const bare = enumName.slice(enumName.lastIndexOf('.') + 1);
  return `${bare.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, '_').toUpperCase()}_`;
}
