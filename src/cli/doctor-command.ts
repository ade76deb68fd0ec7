// SPDX-License-Identifier: Apache-2.0

// `argon doctor`: what this host has and lacks, each thing tried for real where that is cheap.

import type { Command } from 'commander';

import { ArgonError } from '../base/errors.ts';
import type { CommandContext } from './context.ts';
import { exitCodes } from './exit-code.ts';
import { type Check, hostChecks, type Verdict } from './host-checks.ts';
import { type Column, formatTable } from './output.ts';

type Run = (work: (context: CommandContext) => Promise<void>) => Promise<void>;

interface Finding extends Verdict {
  readonly check: string;
}

/** `checksOf`: what is looked at, in this order. */
export function addDoctorCommand(
  program: Command,
  run: Run,
  checksOf: (context: CommandContext) => readonly Check[] = hostChecks,
): void {
  program
    .command('doctor')
    .description('say what this host has and lacks')
    .action(async () =>
      run(async (context) => {
        const findings = await examine(checksOf(context));
        await context.print(findings, formatFindings(findings));
        if (findings.some(({ status }) => status === 'missing')) {
          context.exitWith(exitCodes.prerequisite);
        }
      }),
    );
}

const columns: readonly Column<Finding>[] = [
  { title: 'CHECK', of: ({ check }) => check },
  { title: 'STATUS', of: ({ status }) => status },
  { title: 'DETAIL', of: ({ detail }) => detail },
];

function formatFindings(findings: readonly Finding[]): string {
  const hints = findings.map(({ check, hint }) =>
    hint === undefined ? '' : `hint: ${check}: ${hint}\n`,
  );
  return formatTable(columns, findings) + hints.join('');
}

// One after the other: some start programs, and their figures should not disturb each other.
async function examine(checks: readonly Check[]): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const [check, look] of checks) findings.push({ check, ...(await lookOrExplain(look)) });
  return findings;
}

async function lookOrExplain(look: () => Promise<Verdict>): Promise<Verdict> {
  try {
    return await look();
  } catch (thrown) {
    const { message, hint } = ArgonError.from(thrown);
    return { status: 'missing', detail: message, ...(hint === undefined ? {} : { hint }) };
  }
}
