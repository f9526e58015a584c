import type { IpFamily } from '../model/family.ts';
import type { AllowRule, Isolation, Peer } from '../policy/node-policy.ts';

/** What an isolation lets pass to and from any address whatever: everything, something, or nothing. */
export type Openness = 'all' | 'some' | 'none';

const isAnyPeer = (peer: Peer, family: IpFamily): boolean =>
  peer.kind === 'any' ||
  (peer.kind === 'ipBlock' &&
    peer.block.cidr.family === family &&
    peer.block.cidr.prefix === 0 &&
    peer.block.except.length === 0);

/** Whether the rule allows every address of the family. */
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

/** How open the isolation is to addresses of the family that nobody is known to have; not at all where it cannot be read. */
export const opennessOf = ({ rules }: Isolation, family: IpFamily): Openness => {
  const before = known[family].get(rules);
  if (before !== undefined) return before;
  let openness: Openness = 'none';
  try {
    openness = find(rules, family);
  } catch {
    // It is told of where the rules are compiled.
  }
  known[family].set(rules, openness);
  return openness;
};
