import { onNode } from '../../src/lab/node.ts';
import { netlinkIn } from '../../test/support/lab/netlink-in.ts';
import { createKernel } from '../../src/kernel/kernel.ts';
import type { ClusterSnapshot } from '../../src/model/snapshot.ts';
import { policyKey } from '../../src/model/policy-object.ts';
import { parseCidr } from '../../src/policy/cidr.ts';
import { createNodeCompiler } from '../../src/reconcile/node-compiler.ts';
import { planChanges } from '../../src/render/plan.ts';
import { cleanNode } from '../agent/clean-node.ts';
import { createWorld, type World } from '../compile/world.ts';
import { median } from '../report/statistics.ts';
import { CAST, FRIENDS_ONLY, type Role } from '../stage/cast.ts';
import type { Stage } from '../stage/stage.ts';
import { LOCAL_RANGE } from '../state/addresses.ts';
import { OWN_NODE } from '../state/cluster.ts';
import { loadOf } from './packets.ts';
import type { RecordSample } from './row.ts';

const FEW = 20;
const MANY = 250;
/** The cluster around the node's pods has the size M. */
const AROUND = { pods: 5000, policies: 1000, namespaces: 100 };

/** Both are measured in turn, so that other load on the machine affects both. */
const TURNS = 5;
const TURN_MS = 500;

/** Returns addresses next to the server's, like those of one node's pods: so its chain is as deep in the tree as any. */
const neighbours = (count: number): readonly string[] => {
  const [a, b, c, own = 0] = CAST.server.ip.split('.').map(Number);
  const first = Math.max(1, Math.min(own - Math.floor(count / 2), 254 - count));
  const lasts = Array.from({ length: count + 1 }, (_, index) => first + index).filter((last) => last !== own);
  return lasts.slice(0, count).map((last) => [a, b, c, last].join('.'));
};

const addRole = ({ pods }: World, { namespace, name, node, ip, role }: Role): void => {
  const identity = { uid: name, namespace, name, node, labels: new Map([['role', role]]) };
  pods.set(name, { ...identity, ips: [ip], hostIPs: [], hostNetwork: false, ports: [], createdAt: 0 });
};

/** Returns the cluster with `localPods` pods on the node, plus the server and its friend. */
const snapshotWith = (localPods: number): ClusterSnapshot => {
  const world = createWorld({ ...AROUND, localPods });
  const addresses = neighbours(localPods).values();
  for (const [uid, pod] of world.pods) {
    if (pod.node === OWN_NODE) world.pods.set(uid, { ...pod, ips: [addresses.next().value ?? ''] });
  }
  const { namespace, name } = FRIENDS_ONLY.metadata;
  const key = policyKey(namespace, name);
  world.policies.set(key, { key, namespace, name, spec: FRIENDS_ONLY.spec });
  addRole(world, CAST.server);
  addRole(world, CAST.newcomer);
  return world;
};

/** Measures how much longer a new connection takes through the rules of a node full of pods than of one with few pods. */
export const measureGrowth = async ({ node, prober }: Stage, record: RecordSample): Promise<void> => {
  const { netlink, reader, nft } = netlinkIn(onNode(OWN_NODE));
  const kernel = createKernel(node, { backend: 'nft', families: ['ipv4'], xtablesWaitSeconds: 5, reader, nft });
  const ranges = [parseCidr(LOCAL_RANGE)].filter((range) => range !== undefined);
  const measured = [FEW, MANY].map((count) => {
    const compiler = createNodeCompiler(OWN_NODE, { gate: { scope: 'isolated', ranges: () => ranges } });
    compiler.update(snapshotWith(count), 'everything');
    return { compiler, p50s: [] as number[] };
  });
  await cleanNode(node);
  for (let turn = 0; turn < TURNS; turn += 1) {
    for (const { compiler, p50s } of measured) {
      await kernel.apply(planChanges(await kernel.observe(), compiler.program()));
      await node.run('conntrack', ['-F']);
      p50s.push((await prober.load(loadOf('connects', TURN_MS))).p50Us);
    }
  }
  await cleanNode(node);
  await netlink.stop();
  const [few, many] = measured.map(({ p50s }) => median(p50s));
  if (few !== undefined && many !== undefined) record('growth', many / few);
};
