import { type BridgeReports, type BridgeRules, DROP_REASONS, type DropReason } from './bridge-program.ts';
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

/** Of one sender, receiver and kind of frame, one report a second. Where the set has no room, there is no report. */
const OF_EDGE = 'update @edges { ether saddr . ether daddr . ether type limit rate 1/second burst 1 packets }';
const RECORDS = 'limit name "records"';

/** The set and the limit that the reports to the agent share. */
const EDGES = `  set edges {
    type ether_addr . ether_addr . ether_type
    size 65536
    flags dynamic,timeout
    timeout 2s
  }

  limit records {
    rate 200/second burst 400 packets
  }
`;

const reportRules = (reason: DropReason, { logGroup, recordGroup }: BridgeReports): readonly string[] => {
  const log = (group: number): string => `log prefix "PORTCULLIS-BRIDGE-${reason}" group ${group}`;
  return [
    ...(recordGroup === undefined ? [] : [`${OF_EDGE} ${RECORDS} ${log(recordGroup)}`]),
    ...(logGroup === undefined ? [] : [`${LOG_LIMIT} ${log(logGroup)}`]),
  ];
};

const drops = (reports: BridgeReports): readonly Chain[] =>
  DROP_REASONS.map((reason) => ({
    name: `drop-${reason}`,
    rules: [...reportRules(reason, reports), `counter name "n-${reason}" drop`],
  }));

const chainText = ({ name, base, rules }: Chain): string =>
  [`  chain ${name} {`, ...(base === undefined ? [] : [base, '']), ...rules]
    .map((line, at) => (at === 0 || line === '' ? line : `    ${line}`))
    .concat('  }', '')
    .join('\n');

/** Returns what the table's reports need, in nft's format: nothing where the agent keeps no records. */
export const reportsText = ({ reports }: BridgeRules): readonly string[] =>
  reports.recordGroup === undefined ? [] : [EDGES];

/** Returns the table's chains in nft's format. */
export const chainsText = (rules: BridgeRules): string =>
  [...bases, ...fromPorts(rules), ...toIsolatedPorts(rules), ...drops(rules.reports)].map(chainText).join('\n');
