import type { IpFamily } from '../model/family.ts';
import { type Backend, iptablesProgram, restoreArguments } from './iptables.ts';
import { IPSET_RESTORE } from './ipset.ts';
import type { LineProgram } from './standing-program.ts';

const ECHO = '# through';

/**
 * iptables-restore(8) processes one table after another: it takes the xtables lock (legacy) or reads the rules that it
 * needs (nft) again for each, and commits at COMMIT. With --verbose it prints the comments that it passes.
 */
export const iptablesRestore = (family: IpFamily, backend: Backend, waitSeconds: number): LineProgram => {
  const args = restoreArguments(waitSeconds);
  return {
    file: iptablesProgram(family, backend, 'restore'),
    args,
    standingArgs: [...args, '--verbose'],
    // A comment inside a table would be printed before the commit.
    echo: (text) => (text === '' || text.endsWith('\nCOMMIT\n') ? { line: ECHO, answer: `${ECHO}\n` } : undefined),
  };
};

/** Lines after which their set exists. */
const LAST_LINE = /(?:^|\n)(?:create|add|del) (\S+)[^\n]*\n$/;

/**
 * In its restore mode, ipset(8) collects members of one set and sends them before anything else happens, including a
 * question. In XML, the end of the answer is recognizable.
 */
export const ipsetRestore: LineProgram = {
  file: 'ipset',
  args: IPSET_RESTORE,
  standingArgs: IPSET_RESTORE,
  echo(text) {
    // Often refused, which would end the program: nft uses a set for some milliseconds after its rules are gone.
    if (text.startsWith('destroy ')) return undefined;
    // The names of all sets if there is no set to name: slightly more work.
    const set = LAST_LINE.exec(text)?.[1];
    return { line: `list -name -output xml${set === undefined ? '' : ` ${set}`}`, answer: '</ipsets>\n' };
  },
};
