import { messageOf } from '../../model/message-of.ts';
import type { Peer } from '../node-policy.ts';
import type { ParsedPolicy } from '../parsed.ts';
import { podsPeers } from './materialised-rules.ts';
import type { Peers } from './peers.ts';

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
