import type { BridgeFacts } from '../bridge/compile-bridge.ts';
import type { BridgeLook } from '../bridge/bridge-look.ts';
import { type LearnedOwner, type LocalPod, type Owners, settleOwners } from '../bridge/owners.ts';
import { NO_BRIDGES } from '../model/bridge-port.ts';
import type { IpFamily } from '../model/family.ts';
import type { PodLink } from '../model/pod-link.ts';
import type { LocalPorts } from '../program/bridge-ports.ts';

/** The sources of the facts. */
export interface BridgeInputs {
  /** Returns how the node's pods are attached, from results of the network plugin. */
  readonly links: () => readonly PodLink[];
  /** Returns the node's pods with addresses of their own. */
  readonly pods: () => readonly LocalPod[];
  /** Returns the UIDs of pods whose namespace lets them forward other pods' packets. */
  readonly routers: () => ReadonlySet<string>;
  /** The families that have iptables rules. */
  readonly families: readonly IpFamily[];
}

/** All facts about the node's bridges, computed again after a change. */
export interface BridgeFactsBook {
  /** Takes the fact that pods, results or namespaces may have changed. */
  touch(): void;
  /** @returns whether the result differs from the last one */
  look(found: BridgeLook): boolean;
  learn(learned: readonly LearnedOwner[], disputed: readonly string[]): void;
  learned(): readonly LearnedOwner[];
  /** Returns the facts; the same object until a change. */
  facts(): BridgeFacts;
  owners(): Owners;
  /** Returns ports and addresses that several pods or ports claim. */
  disputed(): readonly string[];
  shown(): Readonly<Record<IpFamily, boolean>>;
  /** Returns undefined if no pod is attached to a bridge. The same object until a change. */
  ports(): LocalPorts | undefined;
}

const NOTHING: BridgeLook = { node: NO_BRIDGES, shown: { ipv4: false, ipv6: false } };

interface Settled {
  readonly facts: BridgeFacts;
  readonly owners: Owners;
}

export const createBridgeFacts = (inputs: BridgeInputs): BridgeFactsBook => {
  let seen = NOTHING;
  let seenText = '';
  let learned: readonly LearnedOwner[] = [];
  let unclear: readonly string[] = [];
  let settled: Settled | undefined;
  let ports: LocalPorts | undefined;
  let portsText = '';

  const settle = (): Settled => {
    if (settled !== undefined) return settled;
    const { node, shown } = seen;
    const owners = settleOwners(node, inputs.links(), learned, inputs.pods());
    const judged = (family: IpFamily): boolean => shown[family] && inputs.families.includes(family);
    const facts: BridgeFacts = {
      node,
      owners: owners.owners,
      unowned: owners.unowned,
      routers: inputs.routers(),
      judged: { ipv4: judged('ipv4'), ipv6: judged('ipv6') },
    };
    settled = { facts, owners };
    return settled;
  };

  const localPorts = ({ facts: { node, owners, unowned } }: Settled): LocalPorts | undefined =>
    node.bridges.length === 0
      ? undefined
      : {
          portOf: new Map(owners.map(({ podUid, port }) => [podUid, port])),
          addresses: [...new Set([...owners.flatMap(({ ips }) => ips), ...unowned])].sort(),
          uplinks: node.bridges.flatMap((bridge) =>
            bridge.ports.filter(({ kind }) => kind === 'uplink').map(({ name }) => name),
          ),
        };

  return {
    touch() {
      settled = undefined;
    },
    look(found) {
      const text = JSON.stringify(found);
      if (text === seenText) return false;
      seenText = text;
      seen = found;
      settled = undefined;
      return true;
    },
    learn(now, disputed) {
      learned = now;
      unclear = disputed;
      settled = undefined;
    },
    learned: () => learned,
    facts: () => settle().facts,
    owners: () => settle().owners,
    disputed: () => [...new Set([...settle().owners.disputed, ...unclear])],
    shown: () => seen.shown,
    ports() {
      const now = localPorts(settle());
      const text = now === undefined ? '' : JSON.stringify({ ...now, portOf: [...now.portOf] });
      if (text !== portsText) ports = now;
      portsText = text;
      return ports;
    },
  };
};
