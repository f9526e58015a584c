/** Other programs that enforce policy, and how the chains begin that they make. */
const ENGINES: Readonly<Record<string, RegExp>> = {
  antrea: /^ANTREA-/,
  calico: /^cali-/,
  cilium: /^CILIUM_/,
  'kube-router': /^KUBE-(?:ROUTER|POD-FW|NWPLCY)-/,
  weave: /^WEAVE-NPC/,
};

/** Chains that the kubelet makes so that others find its backend; they alone are no rules of anybody. */
const HINTS = /^KUBE-(?:IPTABLES-HINT|KUBELET-CANARY|PROXY-CANARY)$/;

/** The names of the chains that iptables-save printed. */
const chainsOf = (save: string): readonly string[] => [...save.matchAll(/^:(\S+) /gm)].map(([, name = '']) => name);

/** Other policy engines that left chains here, by name, in the order of the alphabet. */
export const findEngines = (saves: readonly string[]): readonly string[] => {
  const chains = saves.flatMap(chainsOf);
  return Object.entries(ENGINES).flatMap(([engine, prefix]) =>
    chains.some((chain) => prefix.test(chain)) ? [engine] : [],
  );
};

/** Whether somebody has rules there, besides the hints of the kubelet. */
export const holdsRules = (save: string): boolean =>
  save.split('\n').some((line) => line.startsWith('-A ') && !HINTS.test(line.split(' ', 2)[1] ?? ''));
