import { DIRECTIONS } from '../../model/direction.ts';
import { formatField } from '../../model/field-path.ts';
import { formatCidr } from '../../policy/cidr.ts';
import type { PeerSpec } from '../../policy/parsed.ts';
import { selectorKey } from '../../policy/selector.ts';
import type { Finding } from '../finding.ts';
import type { CheckRule, Observation } from '../rule.ts';
import { type PlacedRule, rulesOf } from '../rule-fields.ts';
import type { CheckedCluster, CheckedPolicy } from '../subject.ts';
import { blockCovers, describePeer, peerCovers, portsCover, ruleCovers } from './coverage.ts';

/** Longer lists are written by programs, and comparing each with each would take minutes. */
const MOST_COMPARED = 500;

const ofDirection = (policy: CheckedPolicy): readonly (readonly PlacedRule[])[] =>
  DIRECTIONS.map((direction) => rulesOf(policy.parsed).filter((placed) => placed.direction === direction));

const duplicate = ({ field }: PlacedRule, first: PlacedRule): Observation => ({
  code: 'duplicate-rule',
  field,
  message: `says the same as ${formatField(first.field)}`,
  suggestion: 'remove one of them',
  repairs: [{ kind: 'remove', field }],
});

const shadowed = ({ field }: PlacedRule, wide: PlacedRule): Observation => ({
  code: 'shadowed-rule',
  field,
  message: `does nothing: ${formatField(wide.field)} allows all of it${wide.rule.peers === 'any' && wide.rule.ports === 'any' ? ', and everything else' : ''}`,
  suggestion: 'remove this rule, or narrow the other one',
});

/** Finds rules that another rule makes superfluous: one rule that allows a connection is enough. */
export const findRedundantRules: CheckRule = (policy) =>
  ofDirection(policy).flatMap((rules) =>
    (rules.length > MOST_COMPARED ? [] : rules).flatMap((placed, index): readonly Observation[] => {
      const wide = rules.find(
        (other, at) =>
          at !== index && ruleCovers(other.rule, placed.rule) && (at < index || !ruleCovers(placed.rule, other.rule)),
      );
      if (wide === undefined) return [];
      return [ruleCovers(placed.rule, wide.rule) ? duplicate(placed, wide) : shadowed(placed, wide)];
    }),
  );

/** Entries of `from` and `to` that mean no more than another entry of the same list. */
export const findOverlappingPeers: CheckRule = ({ parsed }) =>
  rulesOf(parsed).flatMap(({ rule, peersField }) => {
    const peers: readonly PeerSpec[] = rule.peers === 'any' || rule.peers.length > MOST_COMPARED ? [] : rule.peers;
    return peers.flatMap((peer, index): readonly Observation[] => {
      const wide = peers.findIndex(
        (other, at) => at !== index && peerCovers(other, peer) && (at < index || !peerCovers(peer, other)),
      );
      const other = peers[wide];
      if (other === undefined) return [];
      const isSame = peerCovers(peer, other);
      const field = [...peersField, index];
      const described = describePeer(peer, parsed.namespace);
      return [
        {
          code: 'peers-overlap',
          field,
          message: `${described} ${isSame ? `is there twice: entry ${wide} says it` : `is within entry ${wide} (${describePeer(other, parsed.namespace)})`}`,
          suggestion: 'either of two entries is enough: remove the narrower one, or narrow the other',
          ...(isSame ? { repairs: [{ kind: 'remove' as const, field }] } : {}),
        },
      ];
    });
  });

/** An `except` whose addresses another entry allows all the same: entries are added up, nothing is taken from others. */
export const findUndoneExcepts: CheckRule = (policy) =>
  ofDirection(policy).flatMap((rules) => {
    const peers = rules.reduce((sum, { rule }) => sum + (rule.peers === 'any' ? 0 : rule.peers.length), 0);
    return (peers > MOST_COMPARED ? [] : rules).flatMap((placed) =>
      (placed.rule.peers === 'any' ? [] : placed.rule.peers).flatMap((peer, index) => {
        if (peer.kind !== 'ipBlock') return [];
        return peer.block.except.flatMap((hole, at): readonly Observation[] => {
          const opened = rules
            .filter(({ rule }) => portsCover(rule.ports, placed.rule.ports))
            .flatMap(({ rule, peersField }) =>
              (rule.peers === 'any' ? [] : rule.peers).flatMap((other, position) =>
                other.kind === 'ipBlock' && other !== peer && blockCovers(other.block, { cidr: hole, except: [] })
                  ? [{ field: [...peersField, position], cidr: other.block.cidr }]
                  : [],
              ),
            );
          const [first] = opened;
          if (first === undefined) return [];
          return [
            {
              code: 'except-undone',
              field: [...placed.peersField, index, 'ipBlock', 'except', at],
              message: `${formatCidr(hole)} is not kept out: ${formatField(first.field)} allows ${formatCidr(first.cidr)}, and entries are added up`,
              suggestion: 'write the except in every entry that holds these addresses, or remove the wider entry',
            },
          ];
        });
      }),
    );
  });

const meaningOf = ({ parsed }: CheckedPolicy): string =>
  JSON.stringify(
    [parsed.namespace, selectorKey(parsed.podSelector), parsed.directions, parsed.rules],
    (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value),
  );

/** Policies of a namespace that select the same pods by the same labels and say the same. */
export const findDuplicatePolicies = ({ policies }: CheckedCluster): readonly Finding[] => {
  const first = new Map<string, CheckedPolicy>();
  return policies.flatMap((policy): readonly Finding[] => {
    if (policy.parsed.faults.length > 0) return [];
    const meaning = meaningOf(policy);
    const other = first.get(meaning);
    first.set(meaning, other ?? policy);
    if (other === undefined) return [];
    return [
      {
        code: 'duplicate-policy',
        policy: policy.parsed.key,
        field: ['metadata', 'name'],
        message: `says the same as ${other.parsed.name}, of the same pods`,
        suggestion: 'keep one of them',
      },
    ];
  });
};
