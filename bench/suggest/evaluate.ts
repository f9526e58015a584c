import { createRandom } from '../../chaos/random.ts';
import { checkPolicies } from '../../src/check/check-policies.ts';
import { toCheckedCluster } from '../../src/check/subject.ts';
import { workloadsOf } from '../../src/cli/matrix/read-cluster.ts';
import { policyManifest } from '../../src/explain/change.ts';
import type { PodEndpoint } from '../../src/model/pod.ts';
import { PROTOCOLS } from '../../src/model/protocol.ts';
import type { ClusterSnapshot } from '../../src/model/snapshot.ts';
import { compileNodePolicy } from '../../src/policy/compile.ts';
import { joinFlows, readFlows } from '../../src/suggest/flows-document.ts';
import { suggestPolicies, type Suggestions } from '../../src/suggest/suggest.ts';
import { createEvaluator } from '../../src/trace/evaluator.ts';
import { arrives } from '../../test/support/naive/evaluate.ts';
import type { JsonPolicy, NaiveWorld } from '../../test/support/naive/world.ts';
import type { Application } from './application.ts';
import { deploy } from './deploy.ts';
import { recordTraffic } from './record.ts';
import { type Opening, trafficOf } from './traffic.ts';

/** The result of evaluating one application. Pairs are of two workloads and a port, see docs/glossary.md. */
export interface Evaluation {
  readonly name: string;
  readonly workloads: number;
  readonly policies: number;
  readonly suggestions: Suggestions;
  /** Connections of the run that was recorded, and of the one that was held out. */
  readonly recorded: number;
  readonly heldOut: number;
  /** Connections of the held-out run that do not pass, as the evaluator and as the naive evaluator see it. */
  readonly refused: readonly string[];
  readonly refusedByNaive: readonly string[];
  readonly findings: readonly string[];
  readonly seenPairs: number;
  /** DNS over UDP and TCP is one pair. */
  readonly openPairs: number;
  /** With DNS over UDP and over TCP as two pairs. */
  readonly openPairsOfProtocols: number;
  /** Pairs without any policy. */
  readonly openBefore: number;
  /** Open pairs that the recorded run did not have. */
  readonly unseen: readonly string[];
}

const STARTED_AT = Date.parse('2026-11-30T10:00:00Z');

/** Addresses that stand for all of the outside that nobody was seen with: of the internet, of a private network. */
const STRANGERS = ['198.51.100.200', '10.99.0.99', '169.254.169.254'];
const isInternet = (address: string): boolean => !/^(?:10\.|169\.254\.|192\.168\.)/.test(address);

const naiveWorld = ({ pods, namespaces }: ClusterSnapshot, policies: readonly JsonPolicy[]): NaiveWorld => ({
  namespaces: Object.fromEntries([...namespaces].map(([name, { labels }]) => [name, Object.fromEntries(labels)])),
  pods: [...pods.values()].map((pod) => ({
    namespace: pod.namespace,
    name: pod.name,
    labels: Object.fromEntries(pod.labels),
    ips: pod.ips,
    hostIPs: pod.hostIPs,
    hostNetwork: pod.hostNetwork,
    ports: pod.ports.map(({ name, protocol, port }) => ({ protocol, port, ...(name === undefined ? {} : { name }) })),
  })),
  policies,
});

const describe = ({ from, to, protocol, port }: Opening, nameAt: (address: string) => string): string =>
  `${nameAt(from)} → ${nameAt(to)} ${protocol} ${port}`;

interface Place {
  readonly name: string;
  readonly address: string;
}

const placesOf = (
  { pods }: ClusterSnapshot,
  nameOf: (pod: PodEndpoint) => string,
  outside: readonly string[],
): readonly Place[] => [
  ...[...pods.values()].map((pod) => ({ name: nameOf(pod), address: pod.ips[0] ?? '' })),
  ...outside.map((address) => ({ name: isInternet(address) ? 'internet' : address, address })),
];

/** The open pairs between all places: a port of those that were seen anywhere, or `others`. */
const openPairs = (
  snapshot: ClusterSnapshot,
  places: readonly Place[],
  ports: readonly Pick<Opening, 'protocol' | 'port'>[],
): ReadonlySet<string> => {
  const evaluator = createEvaluator(compileNodePolicy(snapshot, undefined), snapshot.pods.values());
  const isPod = new Set([...snapshot.pods.values()].flatMap(({ ips }) => ips));
  const found = new Set<string>();
  for (const from of places) {
    for (const to of places) {
      if (from.address === to.address || !(isPod.has(from.address) || isPod.has(to.address))) continue;
      const open = evaluator.reach(from.address, to.address).ports;
      for (const protocol of PROTOCOLS) {
        const known = ports.filter((each) => each.protocol === protocol);
        const isOpen = (port: number): boolean =>
          open[protocol].some((range) => range.from <= port && port <= range.to);
        for (const { port } of known) if (isOpen(port)) found.add(`${from.name} → ${to.name} ${protocol} ${port}`);
        const size = open[protocol].reduce((sum, range) => sum + range.to - range.from + 1, 0);
        if (size > known.filter(({ port }) => isOpen(port)).length) {
          found.add(`${from.name} → ${to.name} ${protocol} others`);
        }
      }
    }
  }
  return found;
};

const withoutProtocolOfDns = (pair: string): string => pair.replace(/ (?:TCP|UDP) 53$/, ' DNS');

/**
 * Records ten minutes of an application's traffic, makes policies of them, and judges by them another ten minutes on another
 * cluster that runs the next release.
 */
export const evaluateApplication = (
  application: Application,
  { seed = 1, untilMs = 600_000 }: { readonly seed?: number; readonly untilMs?: number } = {},
): Evaluation => {
  const random = createRandom(seed);
  const { loaded } = deploy(application, random, '1.0.0');
  const openings = trafficOf(application, loaded, untilMs, random);
  const recorded = recordTraffic(loaded, openings, { startedAt: STARTED_AT, untilMs, random });
  const records = joinFlows(recorded.map((node) => readFlows(JSON.parse(JSON.stringify(node)), 'flows.json')));
  const suggestions = suggestPolicies(loaded.snapshot, records, {
    workloadOf: workloadsOf(loaded),
    until: STARTED_AT + untilMs,
  });
  const policies = suggestions.policies.map(({ policy }) => policy);

  const later = createRandom(seed + 1000);
  const next = deploy(application, later, '1.1.0').loaded;
  const heldOut = trafficOf(application, next, untilMs, later);
  const enforced: ClusterSnapshot = {
    ...next.snapshot,
    policies: new Map(policies.map((policy) => [policy.key, policy])),
  };
  const workloadOf = workloadsOf(next);
  const nameOf = (pod: PodEndpoint): string => `${pod.namespace}/${workloadOf(pod).name}`;
  const nameByAddress = new Map([...enforced.pods.values()].map((pod) => [pod.ips[0], nameOf(pod)] as const));
  const nameAt = (address: string): string =>
    nameByAddress.get(address) ?? (isInternet(address) ? 'internet' : address);
  const evaluator = createEvaluator(compileNodePolicy(enforced, undefined), enforced.pods.values());
  const refused = heldOut.filter(
    ({ from, to, protocol, port }) =>
      evaluator.trace({ source: from, destination: to, protocol, port }).verdict === 'deny',
  );
  const world = naiveWorld(
    enforced,
    policies.map((policy) => policyManifest(policy) as JsonPolicy),
  );
  const refusedByNaive = heldOut.filter((packet) => !arrives(world, packet));

  const workloadAt = workloadsOf(loaded);
  const seenNames = new Map(
    [...loaded.snapshot.pods.values()].map((pod) => [pod.ips[0], `${pod.namespace}/${workloadAt(pod).name}`] as const),
  );
  const seen = new Set(
    openings.map((each) =>
      describe(each, (address) => seenNames.get(address) ?? (isInternet(address) ? 'internet' : address)),
    ),
  );
  const outside = [...new Set([...heldOut, ...openings].flatMap(({ from, to }) => [from, to]))].filter(
    (address) => !nameByAddress.has(address) && !seenNames.has(address),
  );
  // Of very many addresses of the internet some are enough: policies tell none of them apart but those that they list.
  const few = [...outside.filter((address) => !address.startsWith('198.1')), ...outside.slice(0, 8), ...STRANGERS];
  const ports = [
    ...new Map(
      [...openings, ...heldOut].map(({ protocol, port }) => [`${protocol} ${port}`, { protocol, port }]),
    ).values(),
  ];
  const places = placesOf(enforced, nameOf, [...new Set(few)]);
  const open = openPairs(enforced, places, ports);
  const before = openPairs({ ...enforced, policies: new Map() }, places, ports);
  // Between two ends without a policy everything is open, whatever is suggested.
  const covered = new Set(suggestions.policies.map(({ workload }) => workload));
  const isJudged = (pair: string): boolean => {
    const [from = '', rest = ''] = pair.split(' → ');
    return covered.has(from) || covered.has(rest.slice(0, rest.indexOf(' ')));
  };
  const count = (pairs: Iterable<string>): ReadonlySet<string> =>
    new Set([...pairs].filter(isJudged).map(withoutProtocolOfDns));
  const [seenOnce, openOnce] = [count(seen), count(open)];
  const cluster = toCheckedCluster(
    { ...loaded.snapshot, policies: enforced.policies },
    { declared: loaded.snapshot.namespaces.keys() },
  );
  return {
    name: application.name,
    workloads: application.workloads.length,
    policies: policies.length,
    suggestions,
    recorded: openings.length,
    heldOut: heldOut.length,
    refused: refused.map((each) => describe(each, nameAt)),
    refusedByNaive: refusedByNaive.map((each) => describe(each, nameAt)),
    findings: checkPolicies(cluster).map(({ code, policy, message }) => `${policy}: ${code}: ${message}`),
    seenPairs: seenOnce.size,
    openPairs: openOnce.size,
    openPairsOfProtocols: [...open].filter(isJudged).length,
    openBefore: count(before).size,
    unseen: [...openOnce].filter((pair) => !seenOnce.has(pair)).sort(),
  };
};
