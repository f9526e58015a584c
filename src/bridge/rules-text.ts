import { type BridgeRules, DROP_REASONS } from './bridge-program.ts';
import type { Chain } from './rule-words.ts';
import { fromPorts } from './rules-from-ports.ts';
import { toIsolatedPorts } from './rules-to-isolated.ts';

/** Before br_netfilter (0) and connection tracking (-200 of the IP hooks), which are called from bridge hooks. */
const PRIORITY = -300;

/** Rate limit of reports, one for each reason. */
const LOG_LIMIT = 'limit rate 10/second burst 20 packets';

const hook = (name: string): string => `type filter hook ${name} priority ${PRIORITY}; policy accept;`;

const bases: readonly Chain[] = [
  {
    name: 'prerouting',
    base: hook('prerouting'),
    rules: [
      'iifname @others accept',
      'iifname @isolated goto from-isolated',
      'iifname @known goto from-known',
      'iifname @uplinks goto from-uplink',
      'goto from-unknown',
    ],
  },
  {
    name: 'forward',
    base: hook('forward'),
    rules: ['iifname @isolated jump leave-isolated', 'oifname @isolated goto to-isolated'],
  },
  { name: 'output', base: hook('output'), rules: ['oifname @isolated goto from-node'] },
];

const drops = (logGroup: number | undefined): readonly Chain[] =>
  DROP_REASONS.map((reason) => ({
    name: `drop-${reason}`,
    rules: [
      ...(logGroup === undefined ? [] : [`${LOG_LIMIT} log prefix "PORTCULLIS-BRIDGE-${reason}" group ${logGroup}`]),
      `counter name "n-${reason}" drop`,
    ],
  }));

const chainText = ({ name, base, rules }: Chain): string =>
  [`  chain ${name} {`, ...(base === undefined ? [] : [base, '']), ...rules]
    .map((line, at) => (at === 0 || line === '' ? line : `    ${line}`))
    .concat('  }', '')
    .join('\n');

/** Returns the table's chains in nft's format. */
export const chainsText = (rules: BridgeRules): string =>
  [...bases, ...fromPorts(rules), ...toIsolatedPorts(rules), ...drops(rules.logGroup)].map(chainText).join('\n');
