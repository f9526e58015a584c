import { messageOf } from '../../model/message-of.ts';
import type { Peer } from '../node-policy.ts';
import type { ParsedPolicy } from '../parsed.ts';
import { podsPeers, type MaterialisedRules } from './materialised-rules.ts';
import type { Peers } from './peers.ts';
import { policyCost } from '../limits.ts';
import type { Budget, Demand, Found } from './budget.ts';
import type { Groups } from './groups.ts';
import type { PolicyEntry } from './policy-store.ts';

/**
 * Searches the pods of a policy's peers before its rules are made, in portions: each peer may have to be compared with
 * all pods.
 */
export interface PeerSearch {
  /** @returns whether all peers are found */
  goOn(isTimeUp: () => boolean): boolean;
  /** Releases the peers. */
  end(): void;
}

/** @param most stops beyond this many members: making the rules then reports the excess */
export const searchPeers = (policy: ParsedPolicy, peers: Peers, most: number): PeerSearch => {
  const specs = podsPeers(policy);
  const acquired: Extract<Peer, { kind: 'pods' }>[] = [];
  let members = 0;
  let failed: string | undefined;
  return {
    goOn(isTimeUp) {
      while (failed === undefined && members <= most) {
        if (isTimeUp()) return false;
        const next = specs.next();
        if (next.done === true) return true;
        try {
          const peer = peers.acquire(next.value, policy.namespace);
          acquired.push(peer);
          members += peer.addresses.ipv4.size + peer.addresses.ipv6.size;
        } catch (error) {
          // Making the rules fails in the same way, and reports it.
          failed = messageOf(error);
        }
      }
      return true;
    },
    end() {
      acquired.forEach(peers.release);
      acquired.length = 0;
    },
  };
};

/** Applies the budget to the policies that select pods of the node. */
interface PolicyRoom {
  /**
   * Decides again where a decision may have changed.
   * @param members number of addresses that joined existing peers
   * @param isForSmall whether long work must wait
   */
  judge(members: number, isForSmall: boolean): void;
}

interface PolicyRoomParts {
  readonly groups: Groups;
  readonly budget: Budget;
  readonly podCount: () => number;
  /** See PodIndex. */
  readonly looks: () => number;
  readonly rulesInUse: (entry: PolicyEntry) => MaterialisedRules | undefined;
  /** Searches the policy's peers until the time is up. @returns whether all are found, or more than `most` members */
  readonly search: (entry: PolicyEntry, most: number, isTimeUp: () => boolean) => boolean;
  readonly materialise: (entry: PolicyEntry, most: number) => MaterialisedRules | number | undefined;
  readonly dematerialise: (entry: PolicyEntry) => void;
}

/** Pods compared per update for new selectors, about 20 ms. Further selectors wait for the next update. */
const WORK = 60_000;
/** The same if small changes are waiting. */
const WORK_BESIDE = 10_000;
/** When this many members join at once, rooms are judged again although no other check asks for it. */
const MANY_MEMBERS = 10_000;

const foundIn = (rules: MaterialisedRules): Found => ({
  peers: new Map([...rules.peers].map(({ key, addresses }) => [key, addresses.ipv4.size + addresses.ipv6.size])),
  namedMembers: rules.namedMembers(),
});

const NOTHING: Found = { peers: new Map(), namedMembers: 0 };

export const createPolicyRoom = (parts: PolicyRoomParts): PolicyRoom => {
  const { groups, budget, podCount, looks, rulesInUse, search, materialise, dematerialise } = parts;
  /** For policies over a limit: the result of the last search, and the number of pods at that time. */
  const before = new WeakMap<PolicyEntry, { readonly found: Found; readonly pods: number }>();
  let begun = 0;
  let work = WORK;

  const known = (entry: PolicyEntry): Found | undefined => {
    const rules = rulesInUse(entry);
    if (rules !== undefined) return foundIn(rules);
    const memory = before.get(entry);
    return memory === undefined || podCount() < memory.pods * 0.9 ? undefined : memory.found;
  };

  const find = (entry: PolicyEntry, most: number): Found | undefined => {
    const rules = rulesInUse(entry);
    if (rules !== undefined) return foundIn(rules);
    if (!search(entry, most, () => looks() - begun >= work)) return undefined;
    const made = materialise(entry, most);
    if (made === undefined) return NOTHING;
    const found = typeof made === 'number' ? { ...NOTHING, namedMembers: made } : foundIn(made);
    before.set(entry, { found, pods: podCount() });
    return found;
  };

  const demandOf = (entry: PolicyEntry, groupCount: { readonly ingress: number; readonly egress: number }): Demand => {
    const { rules, sets, members } = policyCost(entry.parsed());
    return {
      key: entry.key,
      rules: rules.ingress * groupCount.ingress + rules.egress * groupCount.egress,
      sets,
      members,
      known: () => known(entry),
      find: (most) => find(entry, most),
    };
  };

  const judgeOne = (namespace: string): void => {
    const demands = [...groups.uses(namespace)];
    const changed = budget.judge(
      namespace,
      demands.map(([entry, counts]) => demandOf(entry, counts)),
    );
    if (!changed) return;
    groups.touch(namespace);
    for (const [entry] of demands) if (budget.isOver(entry.key)) dematerialise(entry);
  };

  return {
    judge(members, isForSmall) {
      work = isForSmall ? WORK_BESIDE : WORK;
      begun = looks();
      const sensitive = members === 0 ? [] : budget.sensitive(podCount());
      const all = members > MANY_MEMBERS ? budget.namespaces() : sensitive;
      for (const namespace of new Set([...groups.touched(), ...budget.unfinished(), ...all])) judgeOne(namespace);
      for (const namespace of budget.restless()) judgeOne(namespace);
    },
  };
};
