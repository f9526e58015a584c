import type { IpFamily } from '../model/family.ts';
import type { AllowRule, Isolation, Peer } from '../policy/node-policy.ts';

/** How much an isolation allows for any address: everything, something, or nothing. */
export type Openness = 'all' | 'some' | 'none';

const isAnyPeer = (peer: Peer, family: IpFamily): boolean =>
  peer.kind === 'any' ||
  (peer.kind === 'ipBlock' &&
    peer.block.cidr.family === family &&
    peer.block.cidr.prefix === 0 &&
    peer.block.except.length === 0);

/** Reports whether the rule allows every address of the family. */
const allowsEveryPeer = ({ peers }: AllowRule, family: IpFamily): boolean =>
  peers.some((peer) => isAnyPeer(peer, family));

const known: Readonly<Record<IpFamily, WeakMap<readonly AllowRule[], Openness>>> = {
  ipv4: new WeakMap(),
  ipv6: new WeakMap(),
};

const find = (rules: readonly AllowRule[], family: IpFamily): Openness => {
  const open = rules.filter((rule) => allowsEveryPeer(rule, family));
  const everything = open.some(({ ports }) => ports.some(({ kind }) => kind === 'any'));
  return everything ? 'all' : open.length > 0 ? 'some' : 'none';
};

/** Returns how open the isolation is for unknown addresses of the family; not at all if its rules are invalid. */
export const opennessOf = ({ rules }: Isolation, family: IpFamily): Openness => {
  const before = known[family].get(rules);
  if (before !== undefined) return before;
  let openness: Openness = 'none';
  try {
    openness = find(rules, family);
  } catch {
    // The compiler of the rules reports it.
  }
  known[family].set(rules, openness);
  return openness;
};
