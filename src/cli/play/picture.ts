import { formatProblem, type ManifestProblem } from '../../cluster/manifest/place.ts';
import { describeDisagreements, describeReadings } from './describe-reading.ts';
import { machinesOf } from './machine.ts';
import type { Reading } from './reading.ts';
import type { Screen } from './screen.ts';
import { renderTable } from './table.ts';
import type { World } from './world.ts';

/** Everything to show about a world at one time. */
export interface Picture {
  readonly world: World;
  readonly readings: readonly Reading[];
  readonly problems: readonly ManifestProblem[];
  /** Other problems for people: faults of policies, ports that cannot be served, failing agents. */
  readonly warnings: readonly string[];
}

const count = (number: number, thing: string): string =>
  `${number} ${number === 1 || thing.endsWith('s') ? thing : `${thing}s`}`;

/** Returns `7 pods on 2 nodes, 1 machine outside, 3 network policies`. */
export const summarize = ({ snapshot, externals }: World): string => {
  const nodes = new Set([...snapshot.pods.values()].map(({ node }) => node));
  const outside = externals.length === 0 ? [] : [`${count(externals.length, 'machine')} outside`];
  const policies = snapshot.policies.size;
  return [
    `${count(snapshot.pods.size, 'pod')} on ${count(nodes.size, 'node')}`,
    ...outside,
    policies === 1 ? '1 network policy' : `${policies} network policies`,
  ].join(', ');
};

const section = (heading: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : [[heading, ...lines.map((line) => `  ${line.replaceAll('\n', '\n  ')}`)].join('\n')];

/** Returns the table and the problems, for people. */
export const renderPicture = (
  { world, readings, problems, warnings }: Picture,
  { paint, width }: Pick<Screen, 'paint' | 'width'>,
  { why }: { readonly why: boolean },
): string =>
  [
    renderTable(machinesOf(world), readings, { width: width(), paint }),
    ...section('Why:', why ? describeReadings(readings) : []),
    ...section(paint(['bold', 'red'], 'THE KERNEL DISAGREES with the policies:'), describeDisagreements(readings)),
    ...section(paint('yellow', 'In the manifests (what was good before stays in force):'), problems.map(formatProblem)),
    ...section(paint('yellow', 'Warnings:'), warnings),
  ].join('\n\n');
