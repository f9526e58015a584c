import type { StatusReport } from '../../agent/status-report.ts';
import { OBJECT_KINDS } from '../../model/cluster-change.ts';
import { printable } from '../../model/printable.ts';

/** A heading of the screen, and its lines. */
type Section = readonly [heading: string, lines: readonly string[]];

const WIDTH = 14;

const enforcementLines = ({ enforcement, startedAt }: StatusReport): readonly string[] => [
  `${enforcement.level} since ${enforcement.since}`,
  ...enforcement.reasons.map((reason) => `because ${reason}`),
  `the agent started at ${startedAt}`,
];

const versionText = (version: string): string => (version === '' ? '-' : version);

const generationLines = ({ generation }: StatusReport): readonly string[] => {
  const { applied, seen, waitingSince, lastChangeAt } = generation;
  return [
    ...OBJECT_KINDS.map(
      (kind) => `${kind}: in force at ${versionText(applied[kind])}, newest seen ${versionText(seen[kind])}`,
    ),
    waitingSince === undefined ? 'no change waits' : `a change waits since ${waitingSince}`,
    ...(lastChangeAt === undefined ? [] : [`the kernel was changed last at ${lastChangeAt}`]),
  ];
};

const podLines = ({ pods }: StatusReport): readonly string[] => [
  `${pods.node} on this node, ${pods.isolatedForIngress} isolated for ingress, ${pods.isolatedForEgress} for egress` +
    `${pods.closed === 0 ? '' : `, ${pods.closed} closed`}; ${pods.cluster} in the cluster`,
];

const policyLines = ({ policies }: StatusReport): readonly string[] => [
  `${policies.cluster} in the cluster, ${policies.faultCount} ${policies.faultCount === 1 ? 'fault' : 'faults'}`,
  ...policies.faults.map((fault) => `fault: ${fault}`),
];

const kernelLines = ({ kernel }: StatusReport): readonly string[] => [
  `backend ${kernel.backend}`,
  ...kernel.families.map(
    ({ family, table, rules, chains, sets, members }) =>
      `${family}: ${rules} rules in ${chains} chains of table ${table}, ${sets} sets with ${members} members`,
  ),
];

const networkLines = ({ networks }: StatusReport): readonly string[] =>
  networks.length === 0
    ? ['no pod with a policy is attached to a network']
    : networks.flatMap(({ kind, pods, guarantee, reasons }) => [
        `${kind}: ${pods} pods, guarantee ${guarantee}`,
        ...reasons.map((reason) => `  ${reason}`),
      ]);

const engineLines = ({ otherEngines }: StatusReport): readonly string[] => {
  const { names, bothBackendsHaveRules, otherKinds = [] } = otherEngines;
  return [
    names === undefined ? 'not checked yet' : names.length === 0 ? 'none' : names.join(', '),
    ...(bothBackendsHaveRules === true ? ['both iptables backends hold rules'] : []),
    ...(otherKinds.length === 0 ? [] : [`policies that nobody enforces here: ${otherKinds.join(', ')}`]),
  ];
};

const driftLines = ({ lastDrift }: StatusReport): readonly string[] =>
  lastDrift === undefined
    ? ['none since the agent started']
    : [
        `${lastDrift.at}${lastDrift.by.length === 0 ? '' : ` by ${lastDrift.by.join(', ')}`}`,
        `repaired: ${lastDrift.changed}`,
      ];

const apiLines = ({ api }: StatusReport): readonly string[] =>
  OBJECT_KINDS.map((kind) => {
    const { synced, lastHeardAt, secondsSinceHeard, trouble } = api[kind];
    const heard =
      lastHeardAt === undefined ? 'not heard yet' : `heard ${secondsSinceHeard ?? 0} s ago, at ${lastHeardAt}`;
    return `${kind}: ${heard}${synced ? '' : '; the first list is not complete'}${trouble === undefined ? '' : `; ${trouble}`}`;
  });

/** Returns a report as one screen of text. */
export const describeReport = (report: StatusReport): string => {
  const sections: readonly Section[] = [
    ['node', [`${report.node}, portcullis ${report.version}, at ${report.at}`]],
    ['enforcement', enforcementLines(report)],
    ['generation', generationLines(report)],
    ['pods', podLines(report)],
    ['policies', policyLines(report)],
    ['kernel', kernelLines(report)],
    ['networks', networkLines(report)],
    ['other engines', engineLines(report)],
    ['last drift', driftLines(report)],
    ['API server', apiLines(report)],
  ];
  return sections
    .flatMap(([heading, lines]) => lines.map((line, at) => `${(at === 0 ? heading : '').padEnd(WIDTH)} ${line}`))
    .map(printable)
    .join('\n');
};
