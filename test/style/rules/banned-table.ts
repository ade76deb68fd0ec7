// SPDX-License-Identifier: Apache-2.0

// Words that code does not use, each with its replacement. `allowed` lists the places that may,
// with a trailing slash for a folder; a new place needs a reason on its line here.

export interface BannedWord {
  readonly pattern: RegExp;
  readonly what: string;
  readonly instead: string;
  readonly allowed?: readonly string[];
}

// A name that is called, as a free function or through ::, but not as a member.
function call(names: string): RegExp {
  return new RegExp(`(?<![\\w.>#])(?:${names})\\s*\\(`, 'g');
}

export const bannedInCpp: readonly BannedWord[] = [
  { pattern: /\bstd::thread\b(?!::)/g, what: 'std::thread', instead: 'use a named std::jthread' },
  {
    // Owned where it is made, as a private constructor needs, is no raw new.
    pattern: /(?<!operator |include <)(?<!_ptr<[^;{}]{1,200}>\s*\w*\(\s*)\bnew\b/g,
    what: 'new',
    instead: 'use std::make_unique, std::construct_at or a container',
    allowed: ['native/addon/'], // Node's finalizers take a raw pointer.
  },
  {
    pattern: /(?<!operator )\bdelete\b\s*(?:\[\]\s*)?[\w(*]/g,
    what: 'delete',
    instead: 'use std::unique_ptr',
    allowed: ['native/addon/'], // As above.
  },
  {
    pattern: /\breinterpret_cast\b/g,
    what: 'reinterpret_cast',
    instead: 'use std::as_bytes, std::bit_cast or a helper of native/base',
    allowed: [
      'native/crypto/openssl_handles.h', // OpenSSL counts bytes as unsigned char.
      'native/base/alignment.h', // An address as a number is what alignment is about.
      'native/memory/', // Addresses of the front end to spans, and a fault's address to its page.
      'native/vhost_user/listener.cc', // The socket calls take one sockaddr for all families.
      'native/addon/fd_stream.cc', // As above.
      'native/network/service_namespace.cc', // As above.
      'native/frontend/', // As above.
      'test/fuzz/', // libFuzzer hands over unsigned char.
    ],
  },
  { pattern: /(?<!\w)assert\s*\(/g, what: 'assert()', instead: 'use ARGON_CHECK, on in release' },
  {
    pattern: /(?<!asm )\bvolatile\b/g,
    what: 'volatile',
    instead: 'use std::atomic or std::atomic_ref',
    allowed: ['native/crypto/secret_bytes.cc'], // The wipe that no compiler may remove.
  },
  { pattern: /\bgoto\b/g, what: 'goto', instead: 'return early; destructors clean up' },
  { pattern: /\bNULL\b/g, what: 'NULL', instead: 'use nullptr' },
  {
    // A worker may well have a method named sleep(); the C function is given a number.
    pattern: /(?<!\w)::sleep\s*\(|\bsleep\(\d|\b(?:u|nano)sleep\s*\(|\bsleep_(?:for|until)\b/g,
    what: 'sleep',
    instead: 'wait on something observable with a deadline',
    allowed: ['native/storage/file_store.cc'], // flock has no time-out: bounded, a named interval.
  },
  {
    pattern: call('connect'),
    what: 'connect()',
    instead: 'listen; on the host only a front end dials',
    allowed: [
      'native/frontend/',
      'native/addon/fd_stream.cc', // A controller dials its backplane, once (record 0013).
      'test/native/',
      'test/fuzz/slot_peers.cc', // A front end that must not wait.
    ],
  },
  {
    pattern: call('socket'),
    what: 'socket()',
    instead: 'take an inherited fd; sockets are made in the places listed in test/style',
    allowed: [
      'native/base/fd_socket.cc',
      'native/vhost_user/listener.cc',
      'native/addon/fd_stream.cc', // As above.
      'native/network/service_namespace.cc', // Within a namespace that leads nowhere.
      'native/uplink/tap.cc', // For ioctl alone: a device has no other way to get an address.
      'native/frontend/',
      'test/',
    ],
  },
  {
    pattern: call('getaddrinfo|gethostby\\w+|res_n?query|getnameinfo'),
    what: 'name resolution',
    instead: 'take an address; nothing on the host resolves a name',
  },
  {
    pattern: /(?:(?<!\w)(?:f|d)?(?:printf|puts)\s*\(|\bstd::c(?:out|err|log)\b)/g,
    what: 'printing',
    instead: 'use base/log.h',
    allowed: ['native/base/check.cc', 'native/base/log.cc', 'test/fuzz/'],
  },
  {
    pattern: /(?<!\w)(?:v?sprintf|strcpy|strcat|strtok|gets|alloca)\s*\(/g,
    what: 'an unbounded C function',
    instead: 'use std::string, std::span or snprintf',
  },
  {
    pattern: call('system|popen|v?fork|execv\\w*|execl\\w*|posix_spawnp?'),
    what: 'starting a process',
    instead: 'leave it to the controller; cards start nothing',
    allowed: ['test/'], // Death tests fork.
  },
  { pattern: /\[=[\],]/g, what: 'a lambda that captures [=]', instead: 'name what it captures' },
];

const operatorSide = ['src/cli/', 'src/harness/', 'test/'];
const neverDial = 'listen; nothing on the host calls out, the operator side alone dials';

export const bannedInTs: readonly BannedWord[] = [
  {
    pattern: /\bMath\s*\.\s*random\b/g,
    what: 'Math.random',
    instead: 'use randomBytes of node:crypto, or a fast-check seed in a test',
  },
  {
    // Not a guest's console, which src/guest has variables for.
    pattern: /(?<![.\w])console\.(?:debug|dir|error|info|log|table|trace|warn)\b/g,
    what: 'console',
    instead: 'use src/base/log.ts',
  },
  {
    pattern: /(?<![.\w#])set(?:Timeout|Interval)\s*\(/g,
    what: 'a bare timer',
    instead: 'use node:timers/promises with { signal }, or pollUntil',
  },
  { pattern: /\benum\s+\w+\s*\{/g, what: 'enum', instead: 'use a union of string literals' },
  { pattern: /\bnamespace\s+\w+\s*\{/g, what: 'namespace', instead: 'use a module' },
  {
    pattern: /\bexport\s+default\b/g,
    what: 'a default export',
    instead: 'export by name',
    allowed: ['vitest.config.ts'],
  },
  {
    pattern: /^[ \t]*(?:private|protected|public)\s+[\w#]/gm,
    what: 'an access keyword',
    instead: 'use #private, or nothing',
  },
  {
    pattern: /\b(?:http2?|https)\s*\.\s*(?:request|get)\s*\(|\bcreateConnection\s*\(/g,
    what: 'a dialing call',
    instead: neverDial,
    allowed: operatorSide,
  },
  {
    pattern: /(?<!function )(?<![.\w#])fetch\s*\(/g,
    what: 'a dialing call',
    instead: neverDial,
    allowed: operatorSide,
  },
  {
    pattern: /\.\s*connect\s*\(|\bnew\s+(?:WebSocket|EventSource)\b/g,
    what: 'a dialing call',
    instead: neverDial,
    allowed: [
      ...operatorSide,
      'src/controller/image-writer.ts', // A front end, in a process of its own as QEMU is.
    ],
  },
  {
    pattern: /(?<![.\w#])exec(?:Sync)?\s*\(|\bshell\s*:\s*true\b/g,
    what: 'a shell',
    instead: 'use run() of src/base/subprocess.ts with an argument list',
    allowed: ['src/cli/run/guest-session.ts'], // A method; the shell is the guest's own.
  },
];

/** Modules whose import already says that the code dials or resolves. */
export const dialingModules = /^node:(?:https?|dns|dns\/promises|dgram)$/;
/** The calling end of the management API: the operator side's alone. */
export const dialingFile = /(?:^|\/)api\/client\.ts$/;
/** What may not be imported from the modules that can both listen and dial. */
export const dialingNames = /\b(?:connect|createConnection)\b/;
