import type { IpFamily } from '../model/family.ts';
import { familyOf, hostCidr } from './addresses.ts';
import { FABRIC_ADDRESS } from './fabric.ts';
import { canonicalAll, innerUpLines, INNER_INTERFACE, outerUpLines } from './link.ts';

/** A machine outside the cluster, such as 172.17.0.5 or a cloud's metadata service at 169.254.169.254. */
export interface ExternalSpec {
  /** The name of its network namespace. */
  readonly name: string;
  readonly ips: readonly string[];
}

export interface AttachedExternal extends ExternalSpec {
  readonly index: number;
  /** The fabric's end of the veth pair. */
  readonly device: string;
}

export const attachedExternal = (spec: ExternalSpec, index: number): AttachedExternal => ({
  name: spec.name,
  ips: canonicalAll(spec.ips),
  index,
  device: `ext${String(index)}`,
});

/** Returns batch lines to run outside: the link, and the routes from the fabric. */
export const externalOuterLines = (external: AttachedExternal, families: readonly IpFamily[]): readonly string[] => [
  `link add ${external.device} type veth peer name ${INNER_INTERFACE} netns ${external.name}`,
  ...outerUpLines(external.device, families),
  ...external.ips
    .filter((ip) => families.includes(familyOf(ip)))
    .map((ip) => `route replace ${hostCidr(ip)} dev ${external.device}`),
];

/** Returns batch lines to run inside the external's namespace. */
export const externalInnerLines = (external: AttachedExternal, families: readonly IpFamily[]): readonly string[] =>
  innerUpLines({ index: external.index, ips: external.ips, gateway: FABRIC_ADDRESS.ipv4, onLink: hostCidr }, families);
