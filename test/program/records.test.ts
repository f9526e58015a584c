import { describe, expect, test } from '@jest/globals';
import { compileNodePolicy } from '../../src/policy/compile.ts';
import { compileProgram } from '../../src/program/compile-program.ts';
import { isIsolationChain } from '../../src/program/names.ts';
import type { NodeProgram } from '../../src/program/node-program.ts';
import { ruleArguments } from '../../src/render/rule-text.ts';
import { goldenNames, loadGolden } from '../golden/golden-case.ts';

const REPORT = / -j NFLOG --nflog-prefix (\S+) --nflog-group 20549$/;

const linesOf = (program: NodeProgram): readonly string[] =>
  (['ipv4', 'ipv6'] as const).flatMap((family) =>
    [...program[family].chains.values()].flatMap(({ name, rules }) =>
      rules.map((rule) => `${family} ${name} ${ruleArguments(rule).join(' ')}`),
    ),
  );

describe('rules for records', () => {
  test.each(goldenNames)('of %s stand before drops alone: nothing that is allowed meets one', async (name) => {
    const { snapshot } = await loadGolden(name);
    const policy = compileNodePolicy(snapshot, 'n1');
    const plain = linesOf(compileProgram(policy));
    const recorded = compileProgram(policy, { recorded: () => ({ group: 20_549 }) });
    const lines = linesOf(recorded);
    const own = lines.filter(
      (line) => !/ PORTCULLIS-(?:UNKNOWN|HELD|NO-ADDRESS) /.test(`${line.split(' -')[0] ?? ''} `),
    );
    const asBefore = own
      .filter((line) => !REPORT.test(line))
      .map((line) => line.replace(/ -g PORTCULLIS-(?:UNKNOWN|HELD|NO-ADDRESS)$/, ' -j DROP'));
    expect(asBefore).toEqual(plain);
    for (const chain of [...recorded.ipv4.chains.values(), ...recorded.ipv6.chains.values()]) {
      for (const [at, rule] of chain.rules.entries()) {
        if (rule.verdict.kind !== 'log') continue;
        expect(rule.verdict.prefix).toBe(chain.name);
        expect(chain.rules[at + 1]?.verdict).toEqual({ kind: 'drop' });
      }
      if (isIsolationChain(chain.name)) expect(chain.rules.at(-2)?.verdict.kind).toBe('log');
    }
  });

  test('tell edges apart in a table whose size is set', async () => {
    const { snapshot } = await loadGolden('deny-all');
    const program = compileProgram(compileNodePolicy(snapshot, 'n1'), { recorded: () => ({ group: 20_549 }) });
    expect(linesOf(program).find((line) => REPORT.test(line))).toContain(
      [
        '-m hashlimit --hashlimit-upto 20000/sec --hashlimit-burst 20000 --hashlimit-name portcullis-flood',
        '-m hashlimit --hashlimit-upto 1/sec --hashlimit-burst 1 --hashlimit-mode srcip,dstip,dstport',
        '--hashlimit-name portcullis-edge --hashlimit-htable-size 16384 --hashlimit-htable-max 65536',
        '-m hashlimit --hashlimit-upto 1000/sec --hashlimit-burst 2000 --hashlimit-name portcullis-records',
      ].join(' '),
    );
  });
});
