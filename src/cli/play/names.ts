import type { HostNames } from '../../lab/hosts.ts';
import type { World } from './world.ts';

/** The kubelets' default (`--cluster-domain`). */
const CLUSTER_DOMAIN = 'cluster.local';

/** Returns the names of a cluster's DNS, and the machines outside by their own names. */
export const namesOf = ({ services, externals }: World): HostNames => {
  const names = new Map<string, readonly string[]>();
  for (const { namespace, name, resolvesTo } of services) {
    const short = `${name}.${namespace}`;
    for (const spelling of [short, `${short}.svc`, `${short}.svc.${CLUSTER_DOMAIN}`]) names.set(spelling, resolvesTo);
  }
  for (const { name, ip } of externals) if (!name.includes('/')) names.set(name, [ip]);
  return names;
};
