import type { ManifestService } from '../../cluster/manifest/service.ts';
import { familyOf, nthAddress, ofFamily } from '../../lab/addresses.ts';
import type { IpFamily } from '../../model/family.ts';
import type { PodEndpoint } from '../../model/pod.ts';
import { backendsAt, selects } from '../resolve/backends.ts';
import type { PlayService } from './world.ts';

const SERVICE_CIDR: Readonly<Record<IpFamily, string>> = { ipv4: '10.96.0.0/16', ipv6: 'fd00:10:96::/112' };

/** Index of the first ClusterIP: lower ones are customary for the API server (.1) and DNS (.10). */
const FIRST = 11;

/** Resolves Services to the pods of the moment, as nodes do. */
export type ResolveServices = (
  services: readonly ManifestService[],
  pods: Iterable<PodEndpoint>,
) => readonly PlayService[];

const keyOf = ({ namespace, name }: ManifestService): string => `${namespace}/${name}`;

/** A Service keeps its ClusterIPs. */
export const createResolveServices = (families: readonly IpFamily[]): ResolveServices => {
  const given = new Map<string, readonly string[]>();

  const assign = (service: ManifestService, taken: Set<string>): readonly string[] => {
    const wanted = service.clusterIP === undefined ? [] : [service.clusterIP];
    return families.map((family) => {
      const [own] = ofFamily(family, wanted);
      if (own !== undefined) return own;
      for (let number = FIRST; ; number += 1) {
        const ip = nthAddress(SERVICE_CIDR[family], number);
        if (!taken.has(ip)) return ip;
      }
    });
  };

  const clusterIPsOf = (services: readonly ManifestService[]): ReadonlyMap<string, readonly string[]> => {
    const sorted = services.filter(({ headless }) => !headless).toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
    const wanted = sorted.flatMap(({ clusterIP }) => clusterIP ?? []);
    const taken = new Set([...wanted, ...[...given.values()].flat()]);
    for (const service of sorted) {
      const known = given.get(keyOf(service));
      if (known !== undefined && (service.clusterIP === undefined || known.includes(service.clusterIP))) continue;
      const ips = assign(service, taken);
      for (const ip of ips) taken.add(ip);
      given.set(keyOf(service), ips);
    }
    return given;
  };

  return (services, pods) => {
    const all = [...pods];
    const clusterIPs = clusterIPsOf(services);
    return services.map((service): PlayService => {
      const selected = all.filter((pod) => selects(service, pod));
      const ips = service.headless ? [] : (clusterIPs.get(keyOf(service)) ?? []);
      const podIps = selected.flatMap((pod) => pod.ips).filter((ip) => families.includes(familyOf(ip)));
      return {
        namespace: service.namespace,
        name: service.name,
        clusterIPs: ips,
        ports: service.ports.map((port) => ({
          protocol: port.protocol,
          port: port.port,
          endpoints: backendsAt(port, selected),
        })),
        resolvesTo: service.headless ? podIps : ips,
      };
    });
  };
};
