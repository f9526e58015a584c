import { machinesOf } from './machine.ts';
import type { Picture } from './picture.ts';
import { disagrees } from './reading.ts';

/** Returns the plain data that `play --once -o json` prints. */
export const pictureDocument = ({ world, readings, warnings }: Picture) => ({
  machines: machinesOf(world).map(({ name, node, ips, ports }) => ({
    name,
    kind: node === undefined ? 'external' : 'pod',
    ...(node === undefined ? {} : { node }),
    ips,
    ports,
  })),
  services: world.services.map(({ namespace, name, clusterIPs, ports }) => ({
    name: `${namespace}/${name}`,
    clusterIPs,
    ports,
  })),
  policies: [...world.snapshot.policies.keys()].sort(),
  readings,
  disagreements: readings.filter(disagrees).length,
  warnings,
});
