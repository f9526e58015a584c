import { DIRECTIONS, PEER_FIELD } from '../../model/direction.ts';
import type { PeerSpec, RuleSpec } from '../../policy/parsed.ts';
import type { CheckRule, Observation } from '../rule.ts';
import { rulesOf } from '../rule-fields.ts';
import { listFew } from '../words.ts';
import { describePeer, describePort } from './coverage.ts';
import { isDnsPort } from './dns-place.ts';

/** All pods of a namespace, or of all: seldom meant to be narrowed by ports, and often written beside a public port. */
const isWide = (peer: PeerSpec): boolean => peer.kind === 'pods' && (peer.podSelector?.requirements.length ?? 0) === 0;

const onlyPeers = ({ peers, ports }: RuleSpec): readonly PeerSpec[] | undefined =>
  peers !== 'any' && ports === 'any' && !peers.some(isWide) ? peers : undefined;

/** A rule with ports alone that is not for DNS, which everyone is often allowed to ask. */
const onlyPorts = ({ peers, ports }: RuleSpec) =>
  peers === 'any' && ports !== 'any' && !ports.every(isDnsPort) ? ports : undefined;

/** The dash too many between `from` and `ports`: two rules mean either, one rule with both means both. */
export const findSplitRules: CheckRule = ({ parsed }) =>
  DIRECTIONS.flatMap((direction) => {
    const rules = rulesOf(parsed).filter((placed) => placed.direction === direction);
    return rules.flatMap(({ rule, field }, index): readonly Observation[] => {
      const next = rules[index + 1]?.rule;
      if (next === undefined) return [];
      const peers = onlyPeers(rule) ?? onlyPeers(next);
      const ports = onlyPorts(rule) ?? onlyPorts(next);
      if (peers === undefined || ports === undefined) return [];
      const who = listFew(peers.map((peer) => describePeer(peer, parsed.namespace)));
      const what = listFew(ports.map(describePort));
      return [
        {
          code: 'split-rule',
          field: [...field.slice(0, -1), index + 1],
          message: `two rules mean either: ${who} on every port, and everyone on ${what}`,
          suggestion: `for ${who} on ${what} alone, make it one rule: no dash before ${onlyPeers(rule) === undefined ? PEER_FIELD[direction] : 'ports'}`,
        },
      ];
    });
  });
