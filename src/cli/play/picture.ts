import { formatProblem, type ManifestProblem } from '../../cluster/manifest/place.ts';
import { describeDisagreements, describeReadings } from './describe-reading.ts';
import { foldReadings } from './fold-replicas.ts';
import { machinesOf } from './machine.ts';
import type { Reading } from './reading.ts';
import type { Screen } from './screen.ts';
import { EVERYTHING, renderTable, type Selection } from './table.ts';
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

const section = (heading: string, lines: readonly string[]): readonly (readonly string[])[] =>
  lines.length === 0 ? [] : [[heading, ...lines.flatMap((line) => line.split('\n')).map((line) => `  ${line}`)]];

const isSelected =
  ({ from, to }: Selection) =>
  (reading: Reading): boolean =>
    reading.from.includes(from) && reading.to.includes(to);

/**
 * Returns the sections below the table, each with its lines.
 *
 * @param why the connections to give reasons of; undefined for none
 */
export const pictureNotes = (
  { world, readings, problems, warnings }: Picture,
  { paint, why }: Pick<Screen, 'paint'> & { readonly why: Selection | undefined },
): readonly (readonly string[])[] => [
  ...section(
    'Why:',
    why === undefined ? [] : describeReadings(foldReadings(machinesOf(world), readings).filter(isSelected(why))),
  ),
  ...section(paint(['bold', 'red'], 'THE KERNEL DISAGREES with the policies:'), describeDisagreements(readings)),
  ...section(paint('yellow', 'In the manifests (what was good before stays in force):'), problems.map(formatProblem)),
  ...section(paint('yellow', 'Warnings:'), warnings),
];

/** Returns the table and the problems, for people. */
export const renderPicture = (
  picture: Picture,
  { paint, width }: Pick<Screen, 'paint' | 'width'>,
  { why }: { readonly why: boolean },
): string =>
  [
    renderTable(machinesOf(picture.world), picture.readings, { width: width(), paint }),
    ...pictureNotes(picture, { paint, why: why ? EVERYTHING : undefined }).map((lines) => lines.join('\n')),
  ].join('\n\n');
