import { expect, test } from '@jest/globals';
import { policyKey } from '../../src/model/policy-object.ts';
import { isolationKey } from '../../src/policy/incremental/groups.ts';
import type { AllowRule, Isolation } from '../../src/policy/node-policy.ts';
import { createProgramCompiler } from '../../src/program/incremental/program-compiler.ts';
import type { Rule } from '../../src/program/node-program.ts';
import { pod } from '../support/small-cluster.ts';

/** The kernel rules of a policy's rule are compiled once, while the rule exists. */

const POD = pod('a/web', {}, { ips: ['10.0.0.1'] });

const allowPort = (name: string, from: number): AllowRule => ({
  policy: policyKey('a', name),
  index: 0,
  peers: [{ kind: 'any' }],
  ports: [{ kind: 'range', protocol: 'TCP', from, to: from }],
});

const isolationOf = (names: readonly string[], rules: readonly AllowRule[]): Isolation => ({
  direction: 'ingress',
  policies: names.map((name) => policyKey('a', name)),
  namedPorts: '',
  pods: [POD],
  rules,
});

/** Compiles one isolation after the other in the place of the former one. @returns the rules of each */
const rulesOf = (...isolations: readonly Isolation[]): readonly (readonly Rule[])[] => {
  const compiler = createProgramCompiler({});
  let before: Isolation | undefined;
  return isolations.map((each) => {
    const gone = before === undefined ? [] : ([[isolationKey(before), undefined]] as const);
    before = each;
    compiler.update({
      isolations: new Map<string, Isolation | undefined>([...gone, [isolationKey(each), each]]),
      members: new Map(),
      addresses: new Set(),
    });
    const chains = [...compiler.program().ipv4.chains.values()].filter(({ name }) => name.startsWith('PORTCULLIS-I-'));
    return chains.flatMap(({ rules }) => rules);
  });
};

test('rules of an isolation’s other policies stay the same objects when a policy comes, changes or goes', () => {
  const [one, two, other] = [allowPort('one', 80), allowPort('two', 443), allowPort('two', 8443)];
  const [alone, both, changed, again] = rulesOf(
    isolationOf(['one'], [one]),
    isolationOf(['one', 'two'], [one, two]),
    isolationOf(['one', 'two'], [one, other]),
    isolationOf(['one'], [one]),
  );
  expect(both?.[0]).toBe(alone?.[0]);
  expect(changed?.[0]).toBe(alone?.[0]);
  expect(again?.[0]).toBe(alone?.[0]);
  expect(changed?.[1]).not.toEqual(both?.[1]);
});
