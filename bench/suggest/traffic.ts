import type { Random } from '../../chaos/random.ts';
import type { LoadedManifests } from '../../src/cluster/manifest/assemble.ts';
import type { PodEndpoint } from '../../src/model/pod.ts';
import type { Protocol } from '../../src/model/protocol.ts';
import { type Application, readPort } from './application.ts';

/** A packet that opens a connection, and when, in ms from the beginning. */
export interface Opening {
  readonly at: number;
  readonly from: string;
  readonly to: string;
  readonly protocol: Protocol;
  readonly port: number;
}

const podsAt = ({ snapshot, podOrigins }: LoadedManifests, workload: string): readonly PodEndpoint[] => {
  const [namespace = '', name = ''] = workload.split('/');
  return [...snapshot.pods.values()].filter(
    (pod) => pod.namespace === namespace && podOrigins.get(pod.uid)?.owner?.name === name,
  );
};

/** Some address of the internet. */
const anyAddress = (random: Random): string =>
  `198.${18 + random.below(2)}.${random.below(256)}.${1 + random.below(254)}`;

const addressOf = (pod: PodEndpoint): string => pod.ips[0] ?? '';

/** The moments at which something happens again and again, at random; a cron job's come in equal distances. */
const moments = (untilMs: number, everyMs: number, isRegular: boolean, random: Random): readonly number[] => {
  const found: number[] = [];
  const step = (): number => (isRegular ? everyMs : -Math.log(1 - random.next()) * everyMs);
  for (let at = isRegular ? random.next() * everyMs : step(); at < untilMs; at += step()) found.push(at);
  return found;
};

/** Returns the connections that an application's pods open in some time, in order. */
export const trafficOf = (
  { calls, workloads, dns }: Application,
  loaded: LoadedManifests,
  untilMs: number,
  random: Random,
): readonly Opening[] => {
  const kindOf = new Map(workloads.map(({ at, kind }) => [at, kind]));
  const targetsOf = (to: string | readonly string[], source: string): (() => string | undefined) => {
    if (typeof to !== 'string') return () => random.pick(to);
    if (to === 'changing') return () => anyAddress(random);
    if (to === 'metadata') return () => '169.254.169.254';
    if (!to.includes('/')) return () => to;
    const pods = podsAt(loaded, to)
      .map(addressOf)
      .filter((address) => address !== source);
    return () => (pods.length === 0 ? undefined : random.pick(pods));
  };
  const openings = calls.flatMap(({ from, to, port, every }) => {
    const sources = from === 'internet' ? [''] : podsAt(loaded, from).map(addressOf);
    return sources.flatMap((source) => {
      const target = targetsOf(to, source);
      return moments(untilMs, every * 1000, kindOf.get(from) === 'CronJob', random).flatMap(
        (at): readonly Opening[] => {
          const found = target();
          const opener = source === '' ? anyAddress(random) : source;
          return found === undefined ? [] : [{ at, from: opener, to: found, ...readPort(port) }];
        },
      );
    });
  });
  const servers = podsAt(loaded, 'kube-system/coredns').map(addressOf);
  const queries = workloads
    .filter(({ at }) => calls.some(({ from }) => from === at))
    .flatMap(({ at, kind }) =>
      podsAt(loaded, at).flatMap((pod) =>
        moments(untilMs, (kind === 'CronJob' ? 60 : dns) * 1000, kind === 'CronJob', random).map((moment): Opening => {
          // One answer in fifty is too long for UDP.
          const protocol = random.chance(0.02) ? 'TCP' : 'UDP';
          return { at: moment, from: addressOf(pod), to: random.pick(servers), protocol, port: 53 };
        }),
      ),
    );
  return [...openings, ...queries].sort((a, b) => a.at - b.at);
};
