import type { IpFamily } from '../../src/model/family.ts';
import type { PodEndpoint } from '../../src/model/pod.ts';
import type { ClusterSnapshot } from '../../src/model/snapshot.ts';
import { familyOf } from '../../src/policy/cidr.ts';
import { compileNodePolicy } from '../../src/policy/compile.ts';
import { type ClusterReach, createClusterReach } from '../../src/reach/cluster-reach.ts';
import type { PortSets } from '../../src/reach/port-sets.ts';
import { createEvaluator } from '../../src/trace/evaluator.ts';
import { addressOutside, describeRange, outsideRanges } from '../../src/trace/outside.ts';
import { describePorts } from '../../src/trace/port-set.ts';

/** Verdicts by the names of their ends: `IPv4 a/x > b/y` → `TCP 80`. */
export type Verdicts = ReadonlyMap<string, string>;

export const FAMILIES: readonly IpFamily[] = ['ipv4', 'ipv6'];

export const askedPods = (snapshot: ClusterSnapshot): readonly PodEndpoint[] =>
  [...snapshot.pods.values()].filter((pod) => !pod.hostNetwork);

const nameOf = ({ namespace, name }: PodEndpoint): string => `${namespace}/${name}`;
const addressesOf = (pod: PodEndpoint, family: IpFamily): readonly string[] =>
  pod.ips.filter((ip) => familyOf(ip) === family).slice(0, 1);

/** The matrix as it is naively made: each pair of pods, and each pod with each range outside, asked one by one. */
export const pairwiseVerdicts = (snapshot: ClusterSnapshot): Verdicts => {
  const policy = compileNodePolicy(snapshot, undefined);
  const { reach } = createEvaluator(policy, snapshot.pods.values());
  const pods = askedPods(snapshot);
  const inside = new Set(pods.flatMap(({ ips, hostIPs }) => [...ips, ...hostIPs]));
  const verdicts = new Map<string, string>();
  for (const family of FAMILIES) {
    for (const source of pods) {
      for (const from of addressesOf(source, family)) {
        for (const destination of pods) {
          if (destination === source) continue;
          for (const to of addressesOf(destination, family)) {
            const key = `${family} ${nameOf(source)} > ${nameOf(destination)}`;
            verdicts.set(key, describePorts(reach(from, to).ports));
          }
        }
      }
    }
    for (const direction of ['ingress', 'egress'] as const) {
      for (const range of outsideRanges(policy, direction, family)) {
        const sample = addressOutside(range, inside);
        if (sample === undefined) continue;
        for (const pod of pods) {
          for (const ip of addressesOf(pod, family)) {
            const name = describeRange(range);
            const [ends, found] =
              direction === 'ingress'
                ? [`${name} > ${nameOf(pod)}`, reach(sample, ip)]
                : [`${nameOf(pod)} > ${name}`, reach(ip, sample)];
            verdicts.set(`${family} ${ends}`, describePorts(found.ports));
          }
        }
      }
    }
  }
  return verdicts;
};

export const reachOf = (snapshot: ClusterSnapshot, portSets?: PortSets): ClusterReach =>
  createClusterReach({
    policy: compileNodePolicy(snapshot, undefined),
    everyPod: snapshot.pods.values(),
    pods: askedPods(snapshot),
    families: FAMILIES,
    ...(portSets && { portSets }),
  });

/** The matrix by classes, taken apart into the same pairs. */
export const classVerdicts = ({ classes, families, portSets }: ClusterReach): Verdicts => {
  const verdicts = new Map<string, string>();
  const put = (key: string, ports: number | undefined): void => {
    if (ports !== undefined) verdicts.set(key, describePorts(portSets.get(ports)));
  };
  for (const { family, ports, outsideSources, outsideDestinations } of families) {
    classes.forEach(({ pods: sources }, from) => {
      classes.forEach(({ pods: destinations }, to) => {
        for (const source of sources) {
          for (const destination of destinations) {
            if (source !== destination) put(`${family} ${nameOf(source)} > ${nameOf(destination)}`, ports(from, to));
          }
        }
      });
      for (const pod of sources) {
        outsideSources.forEach(({ ranges }, number) => {
          for (const range of ranges) {
            put(`${family} ${describeRange(range)} > ${nameOf(pod)}`, ports(classes.length + number, from));
          }
        });
        outsideDestinations.forEach(({ ranges }, number) => {
          for (const range of ranges) {
            put(`${family} ${nameOf(pod)} > ${describeRange(range)}`, ports(from, classes.length + number));
          }
        });
      }
    });
  }
  return verdicts;
};
