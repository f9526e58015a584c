import {
  type AttachedPod,
  devicesToAsk,
  findUnseenPods,
  type NodeNetworks,
  parseDevices,
  parseFlowtables,
  parsePrograms,
  type UnseenPod,
} from '../render/unseen-networks.ts';
import type { CommandRunner } from './command.ts';
import { readRoutes } from './routes.ts';

/** Maximum interfaces whose programs are read per check. */
const MOST_ASKED = 16;

/** Returns a tool's output; `none` if the tool or the kernel's feature is missing. */
const orNone = <T>(read: Promise<string>, parse: (text: string) => T, none: T): Promise<T> =>
  read.then(parse).catch(() => none);

/** Returns interfaces with a place for programs (tc-bpf(8)). */
const placesIn = (text: string): readonly string[] =>
  [...text.matchAll(/"kind":"clsact"[^}]*?"dev":"([^"]+)"/g)].map(([, name = '']) => name);

/**
 * Finds pods of the node whose packets bypass the node's rules, in the network namespace of the process.
 * @throws CommandError if ip(8) cannot be run
 */
export const findUnseenNetworks = async (
  runner: CommandRunner,
  pods: readonly AttachedPod[],
): Promise<readonly UnseenPod[]> => {
  if (pods.length === 0) return [];
  const [links, ipv4, ipv6, flowtables, places] = await Promise.all([
    runner.run('ip', ['-d', '-j', 'link', 'show']),
    readRoutes('ipv4'),
    readRoutes('ipv6'),
    orNone(runner.run('nft', ['-j', 'list', 'flowtables']), parseFlowtables, []),
    orNone(runner.run('tc', ['-j', 'qdisc', 'show']), placesIn, []),
  ]);
  const node: NodeNetworks = {
    devices: parseDevices(links),
    routes: [...ipv4, ...ipv6],
    flowtables,
    programs: new Map(),
  };
  const asked =
    places.length === 0
      ? []
      : devicesToAsk(pods, node, Number.POSITIVE_INFINITY).filter((device) => places.includes(device));
  const programs = await Promise.all(
    asked.slice(0, MOST_ASKED).map(async (device) => {
      const names = await Promise.all(
        ['ingress', 'egress'].map((side) =>
          orNone(runner.run('tc', ['-j', 'filter', 'show', 'dev', device, side]), parsePrograms, []),
        ),
      );
      return [device, names.flat()] as const;
    }),
  );
  return findUnseenPods(pods, { ...node, programs: new Map(programs) });
};
