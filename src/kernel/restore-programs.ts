import type { IpFamily } from '../model/family.ts';
import { type Backend, iptablesProgram, restoreArguments } from './iptables.ts';
import { IPSET_RESTORE } from './ipset.ts';
import type { LineProgram } from './standing-program.ts';

const ECHO = '# through';

/**
 * iptables-restore(8) takes one table after another, takes the xtables lock (legacy) or reads what it needs of the rules
 * (nft) for each anew, and commits it at COMMIT. With --verbose it prints the comments that it comes to.
 */
export const iptablesRestore = (family: IpFamily, backend: Backend, waitSeconds: number): LineProgram => {
  const args = restoreArguments(waitSeconds);
  return {
    file: iptablesProgram(family, backend, 'restore'),
    args,
    standingArgs: [...args, '--verbose'],
    // A comment inside of a table would be printed before that is committed.
    echo: (text) => (text === '' || text.endsWith('\nCOMMIT\n') ? { line: ECHO, answer: `${ECHO}\n` } : undefined),
  };
};

/** Lines after which their set is there. */
const LAST_LINE = /(?:^|\n)(?:create|add|del) (\S+)[^\n]*\n$/;

/**
 * ipset(8) in its restore mode collects members of one set and sends them before anything else happens, a question too. In
 * XML the answer has an end that can be told.
 */
export const ipsetRestore: LineProgram = {
  file: 'ipset',
  args: IPSET_RESTORE,
  standingArgs: IPSET_RESTORE,
  echo(text) {
    // Often refused, and that would be its end: nft goes on using a set for some milliseconds after its rules are gone.
    if (text.startsWith('destroy ')) return undefined;
    // The names of all sets, where there is none to be named: some more work.
    const set = LAST_LINE.exec(text)?.[1];
    return { line: `list -name -output xml${set === undefined ? '' : ` ${set}`}`, answer: '</ipsets>\n' };
  },
};
