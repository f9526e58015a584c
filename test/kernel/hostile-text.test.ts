import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Backend } from '../../src/kernel/iptables.ts';
import { IP_FAMILIES } from '../../src/model/family.ts';
import { compileNodePolicy } from '../../src/policy/compile.ts';
import { compileProgram } from '../../src/program/compile-program.ts';
import { EMPTY_PROGRAM } from '../support/empty-program.ts';
import { chainRules } from '../../src/render/rule-text.ts';
import { asInformed, asManifests, type HostileObjects, hostileObjects, WEAPONS } from '../support/hostile.ts';
import { usePacketFilter } from './use-packet-filter.ts';

const BACKENDS: readonly Backend[] = ['nft', 'legacy'];
const DEADLINE_MS = 240_000;
const RANDOM_CLUSTERS = 12;

/** A policy with each awkward name, all selecting one pod: that many comments, and one with all of them. */
const named: HostileObjects = {
  namespaces: [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'x' } }],
  pods: [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace: 'x', name: 'a', uid: 'a' },
      spec: { nodeName: 'n1' },
      status: { podIPs: [{ ip: '10.1.1.1' }, { ip: 'fd00::1' }] },
    },
  ],
  policies: [],
};

const withPolicy = (name: string): HostileObjects => ({
  ...named,
  policies: [
    { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { namespace: 'x', name }, spec: {} },
  ],
});

const CLUSTERS: readonly HostileObjects[] = [
  ...WEAPONS.filter((name) => name !== '').map(withPolicy),
  ...fc.sample(hostileObjects, { seed: 20_260_708, numRuns: RANDOM_CLUSTERS }),
];

describe.each(BACKENDS)('iptables-%s', (backend) => {
  const filter = usePacketFilter(backend);

  test(
    'the kernel has exactly the intended rules, whatever manifests contain',
    async () => {
      const before = await filter().text();
      for (const [at, objects] of CLUSTERS.entries()) {
        const read = at % 2 === 0 ? asInformed : asManifests;
        const program = compileProgram(compileNodePolicy(read(objects), 'n1'), { log: { group: 7 } });
        await filter().bring(program);
        expect({ at, left: (await filter().left(program)).size }).toEqual({ at, left: 0 });
        for (const family of IP_FAMILIES) {
          const lines = (await filter().table(family)).split('\n').filter((line) => line.startsWith('-A '));
          const rules = [...program[family].chains.values()].flatMap(chainRules).length;
          expect({ at, rules: lines.length }).toEqual({ at, rules: rules + program[family].hooks.length });
          const bare = lines.map((line) => line.replace(/"(?:in|e)gress isolated by [A-Za-z0-9 ./?-]*"/, ''));
          expect(bare.filter((line) => /["\\]|ACCEPT|[^ -~]/.test(line))).toEqual([]);
        }
      }
      await filter().bring(EMPTY_PROGRAM);
      expect(await filter().text()).toBe(before);
    },
    DEADLINE_MS,
  );
});
