import type { LabelSelector } from '../../model/labels.ts';
import { covers, formatCidr, type IpBlock } from '../../policy/cidr.ts';
import type { PeerSpec, PortSpec, RuleSpec } from '../../policy/parsed.ts';
import { describeSelector } from '../../policy/selector.ts';

const keys = new WeakMap<LabelSelector, ReadonlySet<string>>();

const keysOf = (selector: LabelSelector): ReadonlySet<string> => {
  const known = keys.get(selector);
  if (known !== undefined) return known;
  const made = new Set(selector.requirements.map((each) => describeSelector({ requirements: [each] })));
  keys.set(selector, made);
  return made;
};

/** Whether the outer one means all that the inner one means, by what is written: what labels there are does not count. */
export const selectorCovers = (outer: LabelSelector, inner: LabelSelector): boolean =>
  keysOf(outer).isSubsetOf(keysOf(inner));

export const blockCovers = (outer: IpBlock, inner: IpBlock): boolean =>
  covers(outer.cidr, inner.cidr) &&
  outer.except.every(
    (hole) =>
      inner.except.some((other) => covers(other, hole)) || !(covers(inner.cidr, hole) || covers(hole, inner.cidr)),
  );

const ALL: LabelSelector = { requirements: [] };

export const peerCovers = (outer: PeerSpec, inner: PeerSpec): boolean => {
  if (outer.kind === 'ipBlock') return inner.kind === 'ipBlock' && blockCovers(outer.block, inner.block);
  if (inner.kind === 'ipBlock') return false;
  const sameNamespaces =
    outer.namespaceSelector === undefined
      ? inner.namespaceSelector === undefined
      : inner.namespaceSelector === undefined
        ? outer.namespaceSelector.requirements.length === 0
        : selectorCovers(outer.namespaceSelector, inner.namespaceSelector);
  return sameNamespaces && selectorCovers(outer.podSelector ?? ALL, inner.podSelector ?? ALL);
};

const portCovers = (outer: PortSpec, inner: PortSpec): boolean => {
  if (outer.protocol !== inner.protocol) return false;
  const isEvery = outer.kind === 'range' && outer.from === 1 && outer.to === 65_535;
  if (outer.kind === 'named' || inner.kind === 'named') {
    return isEvery || (outer.kind === 'named' && inner.kind === 'named' && outer.name === inner.name);
  }
  return outer.from <= inner.from && inner.to <= outer.to;
};

export const portsCover = (outer: RuleSpec['ports'], inner: RuleSpec['ports']): boolean =>
  outer === 'any' || (inner !== 'any' && inner.every((each) => outer.some((other) => portCovers(other, each))));

const peersCover = (outer: RuleSpec['peers'], inner: RuleSpec['peers']): boolean =>
  outer === 'any' || (inner !== 'any' && inner.every((each) => outer.some((other) => peerCovers(other, each))));

/** Whether a rule allows all that another one of the same direction and policy allows. */
export const ruleCovers = (outer: RuleSpec, inner: RuleSpec): boolean =>
  peersCover(outer.peers, inner.peers) && portsCover(outer.ports, inner.ports);

export const describePort = (port: PortSpec): string => {
  if (port.kind === 'named') return `${port.protocol} ${port.name}`;
  if (port.from === 1 && port.to === 65_535) return `every ${port.protocol} port`;
  return `${port.protocol} ${port.from === port.to ? port.from : `${port.from}-${port.to}`}`;
};

export const describePeer = (peer: PeerSpec, own: string): string => {
  if (peer.kind === 'ipBlock') {
    const { cidr, except } = peer.block;
    return `${formatCidr(cidr)}${except.length === 0 ? '' : ` but ${except.map(formatCidr).join(', ')}`}`;
  }
  const pods = peer.podSelector === undefined ? '' : describeSelector(peer.podSelector);
  const { namespaceSelector } = peer;
  const where = namespaceSelector === undefined ? `namespace ${own}` : describeSelector(namespaceSelector);
  return `${pods === '' ? 'all pods' : `pods ${pods}`} of ${where === '' ? 'every namespace' : where}`;
};
