import type { PeerSpec } from '../../policy/parsed.ts';
import { describeSelector } from '../../policy/selector.ts';
import type { CheckRule, Observation } from '../rule.ts';
import { rulesOf } from '../rule-fields.ts';

/** Returns the podSelector and the namespaceSelector of two neighbouring entries that have one each. */
const selectorsOf = (one: PeerSpec | undefined, other: PeerSpec | undefined) => {
  if (one?.kind !== 'pods' || other?.kind !== 'pods') return undefined;
  const [pods, namespaces] = one.podSelector === undefined ? [other, one] : [one, other];
  const { podSelector } = pods;
  const { namespaceSelector } = namespaces;
  const apart = pods.namespaceSelector === undefined && namespaces.podSelector === undefined;
  if (!apart || podSelector === undefined || namespaceSelector === undefined) return undefined;
  return podSelector.requirements.length === 0 ? undefined : { podSelector, namespaceSelector };
};

/** Finds a dash too many: two entries mean either, one entry with both selectors means both. */
export const findSplitPeers: CheckRule = ({ parsed }) =>
  rulesOf(parsed).flatMap(({ rule, peersField }) => {
    const peers = rule.peers === 'any' ? [] : rule.peers;
    return peers.flatMap((peer, index): readonly Observation[] => {
      const selectors = selectorsOf(peer, peers[index + 1]);
      if (selectors === undefined) return [];
      const pods = describeSelector(selectors.podSelector);
      const namespaces = describeSelector(selectors.namespaceSelector) || 'every namespace';
      return [
        {
          code: 'split-peer',
          field: [...peersField, index + 1],
          message: `two entries mean either: pods ${pods} of namespace ${parsed.namespace}, and all pods of ${namespaces}`,
          suggestion: `for pods ${pods} of ${namespaces} alone, make it one entry: no dash before the second selector`,
        },
      ];
    });
  });
