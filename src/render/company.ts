/** Co-tenant engines, and the prefixes of their iptables chains. */
const CHAINS: Readonly<Record<string, RegExp>> = {
  antrea: /^ANTREA-/,
  calico: /^cali-/,
  cilium: /^CILIUM_/,
  'kube-router': /^KUBE-(?:ROUTER|POD-FW|NWPLCY)-/,
  weave: /^WEAVE-NPC/,
};

/** Co-tenant engines with nftables tables of their own, by table name. */
const TABLES: Readonly<Record<string, string>> = {
  calico: 'calico',
  // Of kind and minikube, unless it is disabled.
  'kindnet-network-policies': 'kindnet',
  'kube-network-policies': 'kube-network-policies',
};

/** Chains that the kubelet makes so that other programs find its backend; they contain no rules. */
const HINTS = /^KUBE-(?:IPTABLES-HINT|KUBELET-CANARY|PROXY-CANARY)$/;

/** Reports whether the chain is one of the kubelet's hints. */
export const isHint = (chain: string): boolean => HINTS.test(chain);

/**
 * Finds co-tenant engines by their chains and tables, sorted by name.
 * @param chains names of iptables chains
 * @param tables names of nftables tables
 */
export const findEngines = (chains: readonly string[], tables: readonly string[]): readonly string[] => {
  const byChain = Object.entries(CHAINS).flatMap(([engine, prefix]) =>
    chains.some((chain) => prefix.test(chain)) ? [engine] : [],
  );
  const byTable = tables.flatMap((table) => (Object.hasOwn(TABLES, table) ? (TABLES[table] ?? []) : []));
  return [...new Set([...byChain, ...byTable])].toSorted();
};

/** Returns the names of the chains in the output of iptables-save. */
export const declaredIn = (save: string): readonly string[] =>
  [...save.matchAll(/^:(\S+) /gm)].map(([, name = '']) => name);

/** Reports whether the output of iptables-save has rules beside the kubelet's hints. Its last line may be cut off. */
export const holdsRules = (save: string): boolean =>
  save.split('\n').some((line) => line.startsWith('-A ') && !isHint(line.split(' ', 2)[1] ?? ''));
