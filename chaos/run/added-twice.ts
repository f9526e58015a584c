import { IP_FAMILIES, type IpFamily } from '../../src/model/family.ts';
import { iptablesProgram } from '../../src/lab/service.ts';
import { jumpsTwiceIn, rulesetLines } from '../../test/support/lab/ruleset-lines.ts';
import type { Post, Stage } from '../stage/stage.ts';

const TABLES = ['raw', 'security'] as const;

/** Rules of ours, and jumps of others' chains to ours, that iptables-save prints more than once. */
export const repeatedRules = (text: string): readonly string[] => {
  const ours = text.split('\n').filter((line) => line.startsWith('-A ') && line.includes('PORTCULLIS-'));
  return [...new Set(ours.filter((line, at) => ours.indexOf(line) !== at))];
};

/** Rules of others may keep iptables from printing a table: nft prints its hooks in any case. */
const findIn = async (stage: Stage, { node }: Post, family: IpFamily, table: string): Promise<readonly string[]> => {
  const text = await node.runner.run(iptablesProgram(family, stage.backend, '-save'), ['-t', table]);
  if (stage.backend === 'legacy' || !text.includes('is incompatible')) return repeatedRules(text);
  const name = family === 'ipv4' ? 'ip' : 'ip6';
  return jumpsTwiceIn(rulesetLines(await node.runner.run('nft', ['-s', 'list', 'table', name, table])));
};

/** Looks on all nodes for what was added twice. @returns it in words */
export const findAddedTwice = async (stage: Stage): Promise<readonly string[]> => {
  const looks = stage.posts.flatMap((post) =>
    IP_FAMILIES.flatMap((family) =>
      TABLES.map(async (table) =>
        (await findIn(stage, post, family, table)).map((rule) => `${post.agent.node} ${family} ${table}: ${rule}`),
      ),
    ),
  );
  return (await Promise.all(looks)).flat();
};
