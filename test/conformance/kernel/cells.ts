import { type CaseCell, type CaseState, type CaseStep, cellsOf, podKeyOf } from '../../support/corpus.ts';
import type { Outcome, Prober } from '../../support/lab/prober.ts';
import { netnsOf } from './placement.ts';

/** Silence for this long is a denial. An allowed exchange in the lab takes a few ms, all of a table's together about 50. */
const DENIED_MS = 300;
/** An allowed connection gets time for one SYN more (RFC 6298: after 1 s). */
const ALLOWED_MS = 1_500;
/**
 * An allowed cell that does not connect is probed again until then, since a busy machine loses packets. A denied cell
 * that connects gets no second chance: the agents had reported that the state is in force.
 */
const DEADLINE_MS = 30_000;

export interface Mismatch {
  readonly cell: CaseCell;
  readonly outcome: Outcome;
}

const addressesOf = ({ pods }: CaseState): ReadonlyMap<string, string> =>
  new Map(pods.map((pod) => [podKeyOf(pod), pod.ip]));

const probeCells = async (
  prober: Prober,
  addresses: ReadonlyMap<string, string>,
  cells: readonly CaseCell[],
): Promise<readonly Mismatch[]> => {
  const addressOf = (key: string): string => {
    const ip = addresses.get(key);
    if (ip === undefined) throw new Error(`no pod ${key}`);
    return ip;
  };
  const outcomes = await prober.probe(
    cells.map(({ from, to, protocol, port, allowed }) => ({
      netns: netnsOf(addressOf(from)),
      protocol,
      from: addressOf(from),
      to: addressOf(to),
      port,
      timeoutMs: allowed ? ALLOWED_MS : DENIED_MS,
    })),
  );
  return cells.flatMap((cell, at) => {
    const outcome = outcomes[at] ?? 'timeout';
    return (outcome === 'open') === cell.allowed ? [] : [{ cell, outcome }];
  });
};

/** Probes every cell of a step; returns those whose verdict on the kernel is not the expected one. */
export const mismatchesOf = async (prober: Prober, step: CaseStep): Promise<readonly Mismatch[]> => {
  const addresses = addressesOf(step.state);
  const deadline = performance.now() + DEADLINE_MS;
  let mismatches = await probeCells(prober, addresses, cellsOf(step));
  while (mismatches.some(({ cell }) => cell.allowed) && performance.now() < deadline) {
    const leaks = mismatches.filter(({ cell }) => !cell.allowed);
    const silent = mismatches.filter(({ cell }) => cell.allowed).map(({ cell }) => cell);
    mismatches = [...leaks, ...(await probeCells(prober, addresses, silent))];
  }
  return mismatches;
};

export const describeMismatch = ({ cell, outcome }: Mismatch): string => {
  const { from, to, protocol, port, allowed } = cell;
  return `${from} → ${to} ${protocol}/${port}: expected ${allowed ? 'open' : 'denied'}, found ${outcome}`;
};
