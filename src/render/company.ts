/** Other programs that enforce policy, and how the chains of iptables begin that they make. */
const CHAINS: Readonly<Record<string, RegExp>> = {
  antrea: /^ANTREA-/,
  calico: /^cali-/,
  cilium: /^CILIUM_/,
  'kube-router': /^KUBE-(?:ROUTER|POD-FW|NWPLCY)-/,
  weave: /^WEAVE-NPC/,
};

/** Those with tables of nftables of their own, by their names. */
const TABLES: Readonly<Record<string, string>> = {
  calico: 'calico',
  // Of kind and minikube, unless it is switched off.
  'kindnet-network-policies': 'kindnet',
  'kube-network-policies': 'kube-network-policies',
};

/** Chains that the kubelet makes so that others find its backend; they alone are no rules of anybody. */
const HINTS = /^KUBE-(?:IPTABLES-HINT|KUBELET-CANARY|PROXY-CANARY)$/;

/** Whether the chain is one of those. */
export const isHint = (chain: string): boolean => HINTS.test(chain);

/**
 * Other policy engines that left something here, by name, in the order of the alphabet.
 * @param chains names of chains of iptables
 * @param tables names of tables of nftables
 */
export const findEngines = (chains: readonly string[], tables: readonly string[]): readonly string[] => {
  const byChain = Object.entries(CHAINS).flatMap(([engine, prefix]) =>
    chains.some((chain) => prefix.test(chain)) ? [engine] : [],
  );
  const byTable = tables.flatMap((table) => (Object.hasOwn(TABLES, table) ? (TABLES[table] ?? []) : []));
  return [...new Set([...byChain, ...byTable])].toSorted();
};

/** The names of the chains that iptables-save printed. */
export const declaredIn = (save: string): readonly string[] =>
  [...save.matchAll(/^:(\S+) /gm)].map(([, name = '']) => name);

/** Whether iptables-save printed rules, besides the hints of the kubelet; the last one may be cut off. */
export const holdsRules = (save: string): boolean =>
  save.split('\n').some((line) => line.startsWith('-A ') && !isHint(line.split(' ', 2)[1] ?? ''));
