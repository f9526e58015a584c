import { expect, test } from '@jest/globals';
import { policyKey } from '../../../src/model/policy-object.ts';
import { isolationKey } from '../../../src/policy/incremental/groups.ts';
import type { AllowRule, Isolation } from '../../../src/policy/node-policy.ts';
import { createProgramCompiler } from '../../../src/program/incremental/program-compiler.ts';
import { chainRules } from '../../../src/render/rule-text.ts';
import { pod } from '../../support/small-cluster.ts';

const isolation = (name: string, ip: string, rules: readonly AllowRule[]): Isolation => ({
  direction: 'ingress',
  policies: [policyKey('a', name)],
  namedPorts: '',
  pods: [pod(`a/${name}`, {}, { ips: [ip] })],
  rules,
});

const allowPort = (name: string, from: number): AllowRule => ({
  policy: policyKey('a', name),
  index: 0,
  peers: [{ kind: 'any' }],
  ports: [{ kind: 'range', protocol: 'TCP', from, to: from }],
});

/** Rules on which the compiler itself fails. */
const BROKEN: AllowRule = {
  ...allowPort('bad', 80),
  get peers(): never {
    throw new Error('never thought of that');
  },
};

test('an isolation whose compiler fails is closed with the reason, and the others are compiled', () => {
  const compiler = createProgramCompiler({});
  const isolations = [isolation('bad', '10.0.0.1', [BROKEN]), isolation('good', '10.0.0.2', [allowPort('good', 80)])];
  compiler.update({
    isolations: new Map(isolations.map((each) => [isolationKey(each), each])),
    members: new Map(),
    addresses: new Set(),
  });
  const chains = [...compiler.program().ipv4.chains.values()].filter(({ name }) => name.startsWith('PORTCULLIS-I-'));
  expect(chains.map(chainRules)).toEqual([
    ['-j DROP'],
    ['-p tcp -m tcp --dport 80 -j RETURN', '-m comment --comment "ingress isolated by a/good" -j DROP'],
  ]);
  expect([...(compiler.program().ipv4.sets.get('portcullis-4-governed' as never)?.members ?? [])].sort()).toEqual([
    '10.0.0.1',
    '10.0.0.2',
  ]);
  expect(compiler.faults()).toEqual([
    {
      policy: 'a/bad',
      field: ['spec', 'ingress'],
      message: 'it cannot be compiled: never thought of that',
      isOfNode: true,
    },
  ]);
});
