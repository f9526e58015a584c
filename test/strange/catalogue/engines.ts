import type { Condition, Place } from '../condition.ts';
import {
  CALICO,
  CILIUM,
  DOCKER,
  FIREWALLD,
  KINDNET,
  KUBE_PROXY_NFT,
  KUBE_ROUTER,
  kubeProxy,
  UFW,
} from './engine-rules.ts';

/** Other engines and firewalls on the node. */

const engine = (
  name: string,
  what: string,
  lay: (place: Place) => Promise<unknown>,
  more: Partial<Condition> = {},
): Condition => ({
  name: `engines/${name}`,
  what,
  made: 'kernel',
  lay: async (place) => {
    await lay(place);
  },
  ...more,
});

const nft =
  (text: string) =>
  ({ node }: Place): Promise<unknown> =>
    node.run('nft', ['-f', '-'], { input: text });

const SETS = [
  'ipset create cali40s:abc hash:net family inet maxelem 1048576',
  'ipset create cali40all-ipam-pools hash:net family inet',
  'ipset create KUBE-SRC-QRSTUVWX hash:ip family inet timeout 0',
  'ipset create KUBE-DST-YZABCDEF hash:ip family inet timeout 0',
  'ipset create kube-router-pod-subnets hash:net family inet',
];

const withSets =
  (text: string) =>
  async ({ sh, restore }: Place): Promise<unknown> => {
    await sh(...SETS);
    return restore('ipv4', text);
  };

export const ENGINES: readonly Condition[] = [
  engine('kube-proxy', 'kube-proxy in mode iptables, 60 Services', ({ restore }) => restore('ipv4', kubeProxy(60))),
  engine('kube-proxy-nftables', 'kube-proxy in mode nftables', nft(KUBE_PROXY_NFT)),
  engine('calico', 'Felix: its chains in raw, mangle and filter, and its sets', withSets(CALICO), { quick: true }),
  engine('kube-router', 'kube-router: chains of pods and policies, and its sets', withSets(KUBE_ROUTER)),
  engine('cilium', 'Cilium: transparent proxies, connections that are not tracked', ({ restore }) =>
    restore('ipv4', CILIUM),
  ),
  engine('docker', 'Docker, which puts its chains first', ({ restore }) => restore('ipv4', DOCKER)),
  engine('ufw', 'ufw, with log rules', ({ restore }) => restore('ipv4', UFW)),
  engine('firewalld', 'firewalld on nftables, which accepts all that pods send', nft(FIREWALLD), { quick: true }),
  engine(
    'kindnet',
    'policies of newer kindnet; where it hands packets to a program (queue), they are marked here',
    nft(KINDNET),
  ),
  engine(
    'reloads',
    'a firewall that is reloaded every three seconds and takes all tables of nftables away',
    async ({ node, keep }) => {
      const loop = "while sleep 3; do nft -f - <<'END'\nflush ruleset\n" + `${FIREWALLD}END\ndone`;
      keep(await node.startBeside('sh', '-c', loop));
    },
    { backends: ['nft'], restless: true, differs: true, gaps: true },
  ),
  engine(
    'accepts-first',
    'a program whose first rules accept everything, in filter and in mangle',
    ({ sh }) =>
      sh(
        'ipt -I FORWARD -j ACCEPT',
        'ipt6 -I FORWARD -j ACCEPT',
        'ipt -t mangle -I FORWARD -j ACCEPT',
        'ipt -t mangle -I PREROUTING -j ACCEPT',
      ),
    { quick: true },
  ),
];
