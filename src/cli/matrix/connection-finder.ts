import type { IpFamily } from '../../model/family.ts';
import type { PodEndpoint } from '../../model/pod.ts';
import type { Direction } from '../../model/direction.ts';
import { familyOf } from '../../policy/cidr.ts';
import type { NodePolicy } from '../../policy/node-policy.ts';
import { describePod } from '../../trace/describe.ts';
import type { Evaluator } from '../../trace/evaluator.ts';
import { type AddressRange, addressOutside, describeRange, joinRanges, outsideRanges } from '../../trace/outside.ts';
import { OUTSIDE } from '../resolve/resolve.ts';
import { type Connection, describeReach, type Verdict } from './connection.ts';

const FAMILY_NAME: Readonly<Record<IpFamily, string>> = { ipv4: 'IPv4', ipv6: 'IPv6' };

const addressOf = (pod: PodEndpoint, family: IpFamily): string | undefined =>
  pod.ips.find((ip) => familyOf(ip) === family);

interface Judged<Part> {
  readonly part: Part;
  readonly verdict: Verdict;
}

/** Parts that fare alike, together. */
const alike = <Part>(judged: readonly Judged<Part>[]): readonly (readonly [Verdict, readonly Part[]])[] =>
  [...Map.groupBy(judged, ({ verdict }) => JSON.stringify(verdict)).values()].flatMap((same) =>
    same[0] === undefined ? [] : [[same[0].verdict, same.map(({ part }) => part)] as const],
  );

const merge = <Part>(
  ends: Pick<Connection, 'from' | 'to'>,
  judged: readonly Judged<Part>[],
  describe: (parts: readonly Part[]) => readonly string[],
): readonly Connection[] => {
  const groups = alike(judged);
  return groups.map(([verdict, parts]) => ({
    ...ends,
    ...(groups.length > 1 && { only: describe(parts) }),
    ...verdict,
  }));
};

/** Works out connections between pods, and between pods and the outside. */
export interface ConnectionFinder {
  between(from: PodEndpoint, to: PodEndpoint): readonly Connection[];
  /** From the outside for ingress, to it for egress. */
  withOutside(direction: Direction, pod: PodEndpoint): readonly Connection[];
}

/**
 * @param pods all that have addresses: those are not outside.
 * @param families of the pods.
 */
export const createConnectionFinder = (
  evaluator: Evaluator,
  policy: NodePolicy,
  pods: readonly PodEndpoint[],
  families: readonly IpFamily[],
): ConnectionFinder => {
  const inside = new Set(pods.flatMap(({ ips, hostIPs }) => [...ips, ...hostIPs]));
  const samplesOf = (direction: Direction, family: IpFamily) =>
    outsideRanges(policy, direction, family).flatMap((range) => {
      const address = addressOutside(range, inside);
      return address === undefined ? [] : [{ range, address }];
    });
  const samplesByFamily = (direction: Direction) =>
    new Map(families.map((family) => [family, samplesOf(direction, family)]));
  const samples = { ingress: samplesByFamily('ingress'), egress: samplesByFamily('egress') };

  return {
    between(from, to) {
      const judged = families.flatMap((family): readonly Judged<IpFamily>[] => {
        const [source, destination] = [addressOf(from, family), addressOf(to, family)];
        if (source === undefined || destination === undefined) return [];
        return [{ part: family, verdict: describeReach(evaluator.reach(source, destination)) }];
      });
      const ends = { from: describePod(from), to: describePod(to) };
      return merge(ends, judged, (parts) => parts.map((family) => FAMILY_NAME[family]));
    },
    withOutside(direction, pod) {
      const judged = pod.ips.flatMap((ip) =>
        (samples[direction].get(familyOf(ip)) ?? []).map(({ range, address }): Judged<AddressRange> => {
          const reach = direction === 'ingress' ? evaluator.reach(address, ip) : evaluator.reach(ip, address);
          return { part: range, verdict: describeReach(reach) };
        }),
      );
      const name = describePod(pod);
      const ends = direction === 'ingress' ? { from: OUTSIDE, to: name } : { from: name, to: OUTSIDE };
      return merge(ends, judged, (ranges) => joinRanges(ranges).map(describeRange));
    },
  };
};
