// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { expectNone } from './expect-none.ts';
import { repository } from './repository.ts';
import { checkBannedWords } from './rules/banned.ts';
import { formatFindings } from './rules/finding.ts';
import { sourceFile } from './rules/source-file.ts';

describe('checkBannedWords()', () => {
  it.each([
    ['std::thread', 'std::thread t(run);'],
    ['new', 'auto* x = new Thing;'],
    ['delete', 'delete thing;'],
    ['reinterpret_cast', 'auto x = reinterpret_cast<int*>(y);'],
    ['assert()', 'assert(x);'],
    ['volatile', 'volatile int x;'],
    ['goto', 'goto end;'],
    ['NULL', 'int* x = NULL;'],
    ['sleep', 'usleep(3);'],
    ['sleep', 'if (::sleep(seconds) != 0) {'],
    ['sleep', 'sleep(3);'],
    ['sleep', 'std::this_thread::sleep_for(1s);'],
    ['connect()', '::connect(fd, address, size);'],
    ['socket()', 'int fd = socket(AF_UNIX, SOCK_STREAM, 0);'],
    ['name resolution', 'getaddrinfo(a, b, c, d);'],
    ['printing', 'std::printf("x");'],
    ['printing', 'std::cerr << 1;'],
    ['an unbounded C function', 'sprintf(a, b);'],
    ['starting a process', 'popen("x", "r");'],
    ['a lambda that captures [=]', 'auto f = [=] { return x; };'],
  ])('names %s in C++', (what, text) => {
    const found = checkBannedWords(sourceFile('native/base/x.cc', `int a;\n${text}\n`));

    expect(found.map((finding) => [finding.what, finding.line])).toEqual([[what, 2]]);
  });

  it.each([
    ['Math.random', 'const x = Math.random();'],
    ['console', "console.log('x');"],
    ['a bare timer', 'setTimeout(f, 3);'],
    ['enum', 'enum Color { red }'],
    ['namespace', 'namespace Colors { }'],
    ['a default export', 'export default 3;'],
    ['an access keyword', '  private x = 3;'],
    ['a dialing call', "net.connect('x');"],
    ['a dialing call', "await fetch('x');"],
    ['a dialing call', "createConnection('x');"],
    ['a dialing call', 'socket.connect(path);'],
    ['node:dns, which dials or resolves', "import { lookup } from 'node:dns';"],
    ['node:net, which dials or resolves', "import { connect } from 'node:net';"],
    ['@grpc/grpc-js, which dials or resolves', "import { Client } from '@grpc/grpc-js';"],
    ['../api/client.ts, which dials or resolves', "import { connect } from '../api/client.ts';"],
    ['a shell', "exec('ls');"],
  ])('names %s in TypeScript', (what, text) => {
    const found = checkBannedWords(sourceFile('src/qemu/x.ts', `const a = 1;\n${text}\n`));

    expect(found.map((finding) => [finding.what, finding.line])).toEqual([[what, 2]]);
  });

  it('lets one file serve HTTP', () => {
    const text = "import { createServer } from 'node:http';\n";
    const found = (path: string): unknown => checkBannedWords(sourceFile(path, text));

    expect(found('src/network/services/metadata/http-server.ts')).toEqual([]);
    expect(found('src/network/services/metadata/handler.ts')).toHaveLength(1);
  });

  it('names the line of an access keyword, not the empty one before it', () => {
    const file = sourceFile('src/qemu/x.ts', 'class A {\n\n\n  private x = 3;\n}\n');

    expect(checkBannedWords(file).map(({ line }) => line)).toEqual([4]);
  });

  it('shows the place, the word and its replacement', () => {
    const file = sourceFile('native/base/x.cc', 'goto end;\n');

    expect(formatFindings(checkBannedWords(file))).toEqual([
      'native/base/x.cc:1: goto; return early; destructors clean up',
    ]);
  });

  it.each([
    ['native/base/x.cc', 'static_assert(true); // goto, new, NULL\nauto x = "new delete";'],
    ['native/base/x.cc', 'X(const X&) = delete; void* operator new(size_t);'],
    ['native/base/x.cc', 'session.connect(3); renew(4); std::jthread t; reconnect(5);'],
    ['native/base/x.cc', '#include <new>'],
    ['native/base/x.cc', 'void Worker::sleep(Duration most) { poller_.sleep(most); }'],
    ['native/base/x.cc', 'std::snprintf(a, sizeof(a), "x");'],
    ['native/frontend/x.cc', 'int fd = ::socket(1, 2, 3); ::connect(fd, a, b);'],
    ['native/base/x.cc', 'return std::unique_ptr<Loop>(new Loop(std::move(fd)));'],
    ['native/base/x.cc', 'std::unique_ptr<Ring> ring(new Ring()); asm volatile("");'],
    ['native/base/check.cc', 'std::fprintf(stderr, "x");'],
    ['src/base/x.ts', 'const x = /a/.exec(y); const z = `fetch(1)`; // setTimeout('],
    ['src/base/x.ts', "import { setTimeout } from 'node:timers/promises';\nawait setTimeout(3);"],
    ['src/guest/x.ts', 'await console.expect(x); this.console.log(y);'],
    ['src/base/x.ts', "import { createServer } from 'node:net';"],
    ['src/cli/x.ts', "import { connect } from 'node:net';\nsocket.connect(x);"],
    ['src/cli/x.ts', "import { connect } from '../api/client.ts';"],
    ['src/controller/management/x.ts', "import { Server } from '@grpc/grpc-js';"],
    ['vitest.config.ts', 'export default 3;'],
  ])('accepts good code in %s', (path, text) => {
    expectNone(checkBannedWords(sourceFile(path, `${text}\n`)));
  });

  it('takes an import under another name for no timer of its own', () => {
    const text = "import { setTimeout as sleep } from 'node:timers/promises';\nsetTimeout(f, 3);\n";

    expect(checkBannedWords(sourceFile('src/base/x.ts', text))).toHaveLength(1);
  });

  it('holds for every file', () => {
    expectNone(repository.files.flatMap(checkBannedWords));
  });
});
