import { beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Backend } from '../../src/kernel/iptables.ts';
import { inNetns } from '../../src/lab/batch.ts';
import { startProcess } from '../../src/lab/process.ts';
import { waitFor } from '../support/wait-for.ts';
import { type AgentProcess, allowPort } from './faults/namespace-agents.ts';
import { useGovernedNamespace } from './faults/use-governed-namespace.ts';

/** The programs that share a node's packet filter with an agent, with their usual changes. */

jest.setTimeout(240_000);

const BACKENDS: readonly Backend[] = ['nft', 'legacy'];
const DEADLINE_MS = 60_000;
const JUMP = '-A FORWARD -j PORTCULLIS-FORWARD';

/** What kube-proxy writes at each sync: its own chains completely, nothing else. */
const KUBE_PROXY = [
  '*filter',
  ':KUBE-FORWARD - [0:0]',
  ':KUBE-SERVICES - [0:0]',
  '-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP',
  '-A KUBE-FORWARD -m mark --mark 0x4000/0x4000 -j ACCEPT',
  '-A KUBE-FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
  'COMMIT',
  '*nat',
  ':KUBE-SVC-ABC - [0:0]',
  '-A KUBE-SVC-ABC -j RETURN',
  'COMMIT',
  '',
].join('\n');

interface AgentStatus {
  readonly lastCheck?: { readonly at: string };
}

describe.each(BACKENDS)('iptables-%s', (backend) => {
  const space = useGovernedNamespace(backend);
  let agent: AgentProcess;
  let good: string;

  const iptables = (...args: readonly string[]): Promise<string> => space().run(`iptables-${backend}`, '-w', ...args);
  const sh = (script: string): Promise<string> => space().run('sh', '-ec', script);
  const forwardOf = async (table: string): Promise<readonly string[]> =>
    (await iptables('-t', table, '-S', 'FORWARD')).split('\n').filter((line) => line.startsWith('-A '));
  const forward = (): Promise<readonly string[]> => forwardOf('security');

  /** Returns our rules and sets. */
  const ours = async (): Promise<string> =>
    (await space().rules())
      .split('\n')
      .filter((line) => /portcullis/i.test(line))
      .toSorted()
      .join('\n');

  const untilWhole = (): Promise<true> =>
    waitFor(
      'the rules to be whole again',
      DEADLINE_MS,
      async () => ((await ours()) === good && (await forward())[0] === JUMP ? true : undefined),
      agent.log,
    );

  /** Waits until the whole kernel was compared once more. */
  const untilCompared = async (): Promise<void> => {
    const lastCheck = async (): Promise<string | undefined> => {
      const status = JSON.parse(await space().run('curl', '-s', '127.0.0.1:9577/status')) as AgentStatus;
      return status.lastCheck?.at;
    };
    const before = await lastCheck();
    const ask = async (): Promise<true | undefined> => ((await lastCheck()) === before ? undefined : true);
    await waitFor('a full comparison', DEADLINE_MS, ask, agent.log);
  };

  const repairs = (): number => agent.log().match(/somebody else changed our rules/g)?.length ?? 0;

  const metric = async (name: string): Promise<string | undefined> =>
    (await space().run('curl', '-s', '127.0.0.1:9577/metrics'))
      .split('\n')
      .find((line) => line.startsWith(`portcullis_${name} `))
      ?.split(' ')[1];

  beforeEach(async () => {
    agent = await space().start();
    await space().untilReady();
    await space().untilRules('the policy', /--dport 80 -j RETURN/);
    good = await ours();
  });

  test('the agent repairs its rules after a firewall’s reload, and the firewall’s rules stay', async () => {
    const load =
      'add table inet firewalld; add chain inet firewalld filter_FORWARD { type filter hook forward priority 10; }';
    await sh(
      backend === 'nft'
        ? `nft flush ruleset; nft '${load}'`
        : `for i in iptables ip6tables; do for t in filter nat mangle security; do $i-legacy -w -t $t -F; $i-legacy -w -t $t -X; done; done
           iptables-legacy -w -N IN_public; iptables-legacy -w -A INPUT -j IN_public`,
    );
    await untilWhole();
    const theirs = backend === 'nft' ? await sh('nft list tables') : await iptables('-S', 'INPUT');
    expect(theirs).toContain(backend === 'nft' ? 'table inet firewalld' : '-A INPUT -j IN_public');
    await agent.says(/another program changed our rules or sets; they were repaired/);
  });

  test('kube-proxy can write its own chains at any time, and nothing has to be repaired', async () => {
    await iptables('-N', 'KUBE-FORWARD');
    await iptables('-A', 'FORWARD', '-j', 'KUBE-FORWARD');
    await space().write('kube-proxy.rules', KUBE_PROXY);
    await sh(
      `for i in 1 2 3 4 5 6 7 8 9 10; do iptables-${backend}-restore -w 5 --noflush --counters <${space().folder}/kube-proxy.rules; sleep 0.1; done`,
    );
    await untilCompared();
    expect(await forward()).toEqual([JUMP]);
    expect(await forwardOf('filter')).toEqual(['-A FORWARD -j KUBE-FORWARD']);
    expect(await ours()).toBe(good);
    expect(await iptables('-S', 'KUBE-FORWARD')).toContain('0x4000/0x4000 -j ACCEPT');
    expect(agent.log()).not.toMatch(/ (?:WARN|ERROR) /);
  });

  test('Docker’s chains at the head of the filter table do not concern the agent', async () => {
    await sh(
      ['DOCKER-FORWARD', 'DOCKER-USER']
        .map((name) => `iptables-${backend} -w -N ${name}; iptables-${backend} -w -I FORWARD -j ${name}`)
        .join('\n'),
    );
    await untilCompared();
    expect(await forwardOf('filter')).toEqual(['-A FORWARD -j DOCKER-USER', '-A FORWARD -j DOCKER-FORWARD']);
    expect(await ours()).toBe(good);
    expect(repairs()).toBe(0);
  });

  test('chains inserted at the head of our table move behind ours in their order', async () => {
    const them = `iptables-${backend} -w -t security`;
    await sh(
      ['SECMARK-FORWARD', 'SECMARK-USER'].map((name) => `${them} -N ${name}; ${them} -I FORWARD -j ${name}`).join('\n'),
    );
    await untilWhole();
    expect(await forward()).toEqual([JUMP, '-A FORWARD -j SECMARK-USER', '-A FORWARD -j SECMARK-FORWARD']);
  });

  test('another engine, and rules in the other backend, appear in the log, the metrics and the status', async () => {
    const other = backend === 'nft' ? 'legacy' : 'nft';
    await sh('nft add table inet kindnet-network-policies');
    await sh(`iptables-${other} -w -A INPUT -j ACCEPT`);
    await agent.says(/other policy engines run on this node.*engines=\["kindnet"\]/);
    await agent.says(/both iptables backends hold rules on this node/);
    expect(await metric('other_backend_has_rules')).toBe('1');
    expect(JSON.parse(await space().run('curl', '-s', '127.0.0.1:9577/status'))).toMatchObject({
      company: { engines: ['kindnet'], mixedBackends: true },
    });
  });

  test('a contest with a program that insists on the first place is limited and reported, and delays no change', async () => {
    const rule = '-m comment --comment theirs -j ACCEPT';
    const them = `iptables-${backend} -w -t security`;
    const [file, ...args] = [
      ...inNetns(space().name),
      'sh',
      '-c',
      `while :; do
         ${them} -S FORWARD | sed -n 2p | grep -q theirs || { ${them} -D FORWARD ${rule}; ${them} -I FORWARD ${rule}; } 2>/dev/null
         sleep 0.05
       done`,
    ] as const;
    const startedAt = performance.now();
    const rival = await startProcess(file, args);
    try {
      await agent.says(/another program keeps inserting rules before ours/);
      expect(await metric('hook_position_is_contested')).toBe('1');
      await space().write('policy.yaml', allowPort(81));
      await space().untilRules('the change', /--dport 81 -j RETURN/);
      // Time enough for many more exchanges than these.
      await waitFor('ten seconds', DEADLINE_MS, () =>
        Promise.resolve(performance.now() > startedAt + 10_000 || undefined),
      );
      const seconds = (performance.now() - startedAt) / 1000;
      expect(repairs()).toBeLessThanOrEqual(20 + Math.ceil(seconds / 2));
      expect((await space().ready())?.status).toBe(200);
      expect(agent.log()).not.toContain('programming the kernel failed');
    } finally {
      rival.signal('SIGKILL');
      await rival.ended;
    }
    await space().write('policy.yaml', allowPort(80));
    await untilWhole();
    expect((await forward()).filter((line) => line.includes('theirs'))).toHaveLength(1);
  });
});
