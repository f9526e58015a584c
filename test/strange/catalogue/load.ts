import type { Condition } from '../condition.ts';

/** Nodes where there is much of something, or where everything takes long. */

const RULES = 100_000;
const MEMBERS = 1_000_000;
const LINKS = 500;

export const LOAD: readonly Condition[] = [
  {
    name: 'load/set-members',
    what: 'a set of others with a million members',
    made: 'kernel',
    backends: ['nft'],
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
    lay: async ({ restore }) => {
      for (const table of ['filter', 'security']) {
        const lines = Array.from({ length: RULES / 2 }, (_, at) => {
          const source = `11.${at >> 16}.${(at >> 8) & 255}.${at & 255}/32`;
          return `-A THEIRS -s ${source} -p tcp -m tcp --dport 6000 -j RETURN`;
        });
        const text = [`*${table}`, ':THEIRS - [0:0]', ...lines, '-A INPUT -s 192.0.2.1 -j THEIRS', 'COMMIT', ''];
        await restore('ipv4', text.join('\n'));
      }
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
      const lines = Array.from({ length: LINKS }, (_, at) => `link add many${at} type dummy`);
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
