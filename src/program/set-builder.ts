import type { IpFamily } from '../model/family.ts';
import type { PodEndpoint } from '../model/pod.ts';
import type { Protocol } from '../model/protocol.ts';
import { type Cidr, formatAddress, formatCidr, ADDRESS_BITS, familyOf } from '../policy/cidr.ts';
import { resolvePort } from '../policy/peer-index.ts';
import { governedSet, memberSet, type SetName } from './names.ts';
import type { IpSet, SetType } from './node-program.ts';

/** Collects the sets that the rules of one family name. The same content asked for twice is one set. */
export interface SetBuilder {
  /** The addresses of the pods that a selector peer means; `key` is the peer's. */
  pods(key: string, members: readonly PodEndpoint[]): SetName;
  /** The blocks, at least two, none of them everything. */
  blocks(blocks: readonly Cidr[]): SetName;
  /** The excepts of a block: to be in there never allows. */
  excepts(holes: readonly Cidr[]): SetName;
  /** The named port of each pod, for the peers that `key` stands for. */
  namedPort(key: string, protocol: Protocol, name: string, pods: readonly PodEndpoint[]): SetName;
  /** The addresses that some policy isolates. */
  governed(addresses: Iterable<string>): SetName;
  build(): ReadonlyMap<SetName, IpSet>;
}

/** Two different contents under one name, which 80 bits of digest make a matter of theory; refused all the same. */
export class NameCollisionError extends Error {
  constructor(name: string, a: string, b: string) {
    super(`two sets would be named ${name}: ${a} and ${b}`);
    this.name = 'NameCollisionError';
  }
}

/** The pod's addresses of the family. */
export const addressesOf = (pod: PodEndpoint, family: IpFamily): readonly string[] =>
  pod.ips.filter((ip) => familyOf(ip) === family);

/** A block as `ipset save` prints it: a single address without its prefix. */
const formatBlock = (block: Cidr): string =>
  block.prefix === ADDRESS_BITS[block.family] ? formatAddress(block) : formatCidr(block);

export const createSetBuilder = (family: IpFamily): SetBuilder => {
  const sets = new Map<SetName, IpSet>();
  const origins = new Map<SetName, string>();

  const add = (
    parts: readonly string[],
    type: SetType,
    members: () => Iterable<string>,
    name = memberSet(family, parts),
    effect: IpSet['effect'] = 'allow',
  ): SetName => {
    const origin = JSON.stringify(parts);
    const known = origins.get(name);
    if (known !== undefined && known !== origin) throw new NameCollisionError(name, known, origin);
    if (known === undefined) {
      origins.set(name, origin);
      sets.set(name, { name, type, members: new Set(members()), effect });
    }
    return name;
  };

  return {
    pods: (key, members) => add(['pods', key], 'hash:ip', () => members.flatMap((pod) => addressesOf(pod, family))),
    blocks(blocks) {
      const texts = blocks.map(formatBlock);
      return add(['blocks', ...texts], 'hash:net', () => texts);
    },
    excepts(holes) {
      const texts = holes.map(formatBlock);
      const parts = ['excepts', ...texts];
      return add(parts, 'hash:net', () => texts, memberSet(family, parts), 'deny');
    },
    namedPort: (key, protocol, name, pods) =>
      add(['named port', key, protocol, name], 'hash:ip,port', () =>
        pods.flatMap((pod) =>
          addressesOf(pod, family).flatMap((ip) =>
            resolvePort(pod, protocol, name).map((port) => `${ip},${protocol.toLowerCase()}:${port}`),
          ),
        ),
      ),
    governed: (addresses) => add(['governed'], 'hash:ip', () => addresses, governedSet(family), 'deny'),
    build: () => sets,
  };
};
