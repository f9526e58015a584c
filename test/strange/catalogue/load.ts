import type { Condition, Place } from '../condition.ts';

/** Nodes where there is much of something, or where everything takes long. */

const RULES = 100_000;
const MEMBERS = 1_000_000;
const LINKS = 500;

/** One message to the kernel has room for no more in a sandbox without root. */
const PORTION = 1_000;

const sourceOf = (at: number): string => `11.${at >> 16}.${(at >> 8) & 255}.${at & 255}`;

/** Number of rules in a foreign chain to which INPUT jumps. */
const layRules = async (
  { node, backend, sh, restore }: Place,
  table: 'filter' | 'security',
  count: number,
): Promise<void> => {
  if (backend === 'legacy') {
    const lines = Array.from(
      { length: count },
      (_, at) => `-A THEIRS -s ${sourceOf(at)}/32 -p tcp --dport 6000 -j RETURN`,
    );
    await restore(
      'ipv4',
      [`*${table}`, ':THEIRS - [0:0]', ...lines, '-A INPUT -s 192.0.2.1 -j THEIRS', 'COMMIT', ''].join('\n'),
    );
    return;
  }
  await sh(`ipt -t ${table} -N THEIRS`, `ipt -t ${table} -A INPUT -s 192.0.2.1 -j THEIRS`);
  for (let from = 0; from < count; from += PORTION) {
    const rule = (at: number): string =>
      `add rule ip ${table} THEIRS ip saddr ${sourceOf(from + at)} tcp dport 6000 return`;
    const input = Array.from({ length: Math.min(PORTION, count - from) }, (_, at) => rule(at)).join('\n');
    await node.run('nft', ['-f', '-'], { input: `${input}\n` });
  }
};

export const LOAD: readonly Condition[] = [
  {
    name: 'load/set-members',
    what: 'a set of others with a million members',
    made: 'kernel',
    backends: ['nft'],
    // It takes a while to come: it is there before the agent.
    agent: () => ({}),
    lay: async ({ node }) => {
      const lines = Array.from(
        { length: MEMBERS },
        (_, at) => `add theirs 11.${at >> 16}.${(at >> 8) & 255}.${at & 255}`,
      );
      const input = ['create theirs hash:ip maxelem 2000000 hashsize 1048576', ...lines, ''].join('\n');
      await node.run('ipset', ['restore'], { input, timeoutMs: 120_000 });
    },
  },
  {
    name: 'load/rules',
    what: '100,000 rules of others in a chain of filter and one of security',
    made: 'kernel',
    // It takes a while to come: it is there before the agent.
    agent: () => ({}),
    lay: async (place) => {
      for (const table of ['filter', 'security'] as const) await layRules(place, table, RULES / 2);
    },
  },
  {
    name: 'load/slow-lock',
    what: 'other programs hold the xtables lock for two seconds, again and again, with 300 ms in between',
    made: 'kernel',
    backends: ['legacy'],
    quick: true,
    lay: async ({ node, keep }) => {
      keep(await node.startBeside('sh', '-c', `while flock '${node.lock}' sleep 2; do sleep 0.3; done`));
    },
  },
  {
    name: 'load/interfaces',
    what: '500 interfaces more',
    made: 'kernel',
    backends: ['nft'],
    lay: async ({ node }) => {
      const lines = Array.from({ length: LINKS / 2 }, (_, at) => `link add many${at} type veth peer name more${at}`);
      await node.run('ip', ['-batch', '-'], { input: `${lines.join('\n')}\n` });
    },
  },
  {
    name: 'load/few-descriptors',
    what: 'the agent may have 64 files open at once',
    made: 'kernel',
    backends: ['nft'],
    agent: () => ({ prefix: ['prlimit', '--nofile=64:64'] }),
  },
];
