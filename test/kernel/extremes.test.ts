import { describe, expect, test } from '@jest/globals';
import type { Backend } from '../../src/kernel/iptables.ts';
import { IP_FAMILIES } from '../../src/model/family.ts';
import type { PolicyObject } from '../../src/model/policy-object.ts';
import type { ClusterSnapshot } from '../../src/model/snapshot.ts';
import { compileNodePolicy } from '../../src/policy/compile.ts';
import { compileProgram } from '../../src/program/compile-program.ts';
import type { ProgramOptions } from '../../src/program/incremental/program-compiler.ts';
import { EMPTY_PROGRAM } from '../support/empty-program.ts';
import type { NodeProgram } from '../../src/program/node-program.ts';
import { cluster, pod, policy } from '../support/small-cluster.ts';
import { usePacketFilter } from './use-packet-filter.ts';

const BACKENDS: readonly Backend[] = ['nft', 'legacy'];
const DEADLINE_MS = 120_000;

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, at) => at);

const isolating = (...policies: readonly PolicyObject[]): ClusterSnapshot =>
  cluster({ x: {} }, [pod('x/a', {}, { ips: ['10.1.1.1', 'fd00::1'] })], policies);

const programOf = (snapshot: ClusterSnapshot, options?: ProgramOptions): NodeProgram =>
  compileProgram(compileNodePolicy(snapshot, 'n1'), options);

const CASES: readonly (readonly [what: string, program: () => NodeProgram])[] = [
  [
    'a policy with a thousand ports',
    () => {
      const ports = numbers(1_000).map((at) => ({ port: 1 + 3 * at, protocol: at % 2 === 0 ? 'TCP' : 'SCTP' }));
      return programOf(
        isolating(policy('x/p', { podSelector: {}, ingress: [{ from: [{ podSelector: {} }], ports }] })),
      );
    },
  ],
  [
    'a policy with ten thousand CIDRs',
    () => {
      const from = numbers(10_000).map((at) => ({ ipBlock: { cidr: `10.${at >> 7}.${(at & 127) * 2}.0/24` } }));
      return programOf(isolating(policy('x/p', { podSelector: {}, ingress: [{ from }] })));
    },
  ],
  [
    'a block with a thousand excepts',
    () => {
      const except = numbers(1_000).map((at) => `fd00:${(2 * at + 1).toString(16)}::/32`);
      const to = [{ ipBlock: { cidr: '::/0', except } }];
      return programOf(isolating(policy('x/p', { podSelector: {}, policyTypes: ['Egress'], egress: [{ to }] })));
    },
  ],
  [
    'five hundred policies on one pod',
    () =>
      programOf(
        isolating(
          ...numbers(500).map((at) =>
            policy(`x/p-${at}`, { podSelector: {}, ingress: [{ ports: [{ port: at + 1 }] }] }),
          ),
        ),
      ),
  ],
  [
    'seven hundred pods on the node, of many addresses',
    () => {
      const pods = numbers(700).map((at) =>
        pod(
          `x/p-${at}`,
          { group: String(at % 7) },
          { ips: [`10.${at % 5}.${at % 11}.${at % 251}`, `fd00:${(at % 3) + 1}::${(at + 1).toString(16)}`] },
        ),
      );
      return programOf(
        cluster({ x: {} }, pods, [
          policy('x/all', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] }),
          policy('x/one', { podSelector: { matchLabels: { group: '1' } }, ingress: [{ from: [{ podSelector: {} }] }] }),
        ]),
      );
    },
  ],
  [
    'names at their longest, with odd characters',
    () => programOf(isolating(policy(`x/${'0.-z'.repeat(63)}0`, { podSelector: {} }))),
  ],
  [
    'denied packets reported',
    () =>
      programOf(isolating(policy('x/p', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] })), {
        log: { group: 7 },
      }),
  ],
  [
    'denied packets reported to the first group',
    () => programOf(isolating(policy('x/p', { podSelector: {} })), { log: { group: 0 } }),
  ],
];

describe.each(BACKENDS)('iptables-%s', (backend) => {
  const filter = usePacketFilter(backend);

  test.each(CASES)(
    'the kernel loads, returns and removes this extreme: %s',
    async (_, make) => {
      const before = await filter().text();
      const program = make();
      await filter().bring(program);
      expect(await filter().left(program)).toEqual({ prepare: '', tables: {}, finish: '', destroy: [], size: 0 });
      const chains = IP_FAMILIES.flatMap((family) => [...program[family].chains.keys()]);
      expect(chains.length).toBeGreaterThan(0);
      await filter().bring(EMPTY_PROGRAM);
      expect(await filter().text()).toBe(before);
    },
    DEADLINE_MS,
  );
});
