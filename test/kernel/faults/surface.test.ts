import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { createCommandRunner } from '../../../src/kernel/command.ts';
import { FIRST_LOCKED_LAYOUT } from '../../../src/kernel/node-lock/older-agent.ts';
import { inNetns } from '../../../src/lab/batch.ts';
import { type RunningProcess, startProcess } from '../../../src/lab/process.ts';
import { waitFor } from '../../support/wait-for.ts';
import { allowPort, type AgentProcess } from './namespace-agents.ts';
import { useGovernedNamespace } from './use-governed-namespace.ts';

/** What a process without capabilities in a node's network namespace can do to the agent there. */

jest.setTimeout(120_000);

const DEADLINE_MS = 30_000;
const PROBE = path.join(import.meta.dirname, '../../../bin/portcullis-probe');
const ENFORCED = /--dport 80 -j RETURN/;

/** User 0 of a pod without capabilities, as a neighbour on the node's network. */
const POWERLESS = ['setpriv', '--bounding-set=-all', '--inh-caps=-all'];

/**
 * Listens like an agent: on the port, and on the name by which older agents recognize each other. Greets like one of
 * them.
 */
const IMPOSTOR = `
  use Socket;
  socket(T, AF_INET, SOCK_STREAM, 0); setsockopt(T, SOL_SOCKET, SO_REUSEADDR, 1);
  bind(T, sockaddr_in(9577, inet_aton("127.0.0.1"))) or die "port: $!\\n"; listen(T, 5);
  socket(U, AF_UNIX, SOCK_STREAM, 0);
  bind(U, pack("S a*", AF_UNIX, "\\0portcullis.agent")) or die "name: $!\\n"; listen(U, 5);
  $| = 1; print "there\\n";
  while (1) { if (accept(my $c, U)) { push @kept, $c; syswrite($c, "portcullis 0.1.0 pid 7\\n") } }
`;

/** Holds only the port, or only the name. */
const PORT = IMPOSTOR.replace(/socket\(U[\s\S]*listen\(U, 5\);/, '').replace(/while[\s\S]*/, 'sleep 600;');
const NAME = IMPOSTOR.replace(/socket\(T[\s\S]*listen\(T, 5\);/, '');

/** Opens 200 connections and sends half a request on each, repeatedly. */
const HALF_OPEN = `
  use Socket;
  $| = 1;
  while (1) {
    for (1 .. 200) {
      socket(my $s, AF_INET, SOCK_STREAM, 0);
      connect($s, sockaddr_in(9577, inet_aton("127.0.0.1"))) or last;
      syswrite($s, "GET /healthz HTTP/1.1\\r\\nHost: a\\r\\nX-");
      push @kept, $s;
    }
    print "there\\n";
    sleep 1;
    shift @kept while @kept > 400;
  }
`;

/** Makes pipes of maximum size until the agents' user has no pages left: from then on pipes have one page. */
const ALL_PIPE_PAGES = `
  $| = 1;
  while (1) { pipe(my $r, my $w) or last; fcntl($w, 1031, 1 << 20) or last; push @kept, $r, $w }
  print "there\n"; sleep 600;
`;

/** Binds the netlink ports that the next programs of the node would get, which are their process ids. */
const NETLINK_PORTS = `
  $| = 1;
  for $port ($$ + 1 .. $$ + 800) {
    socket(my $s, 16, 3, 12) or last;
    bind($s, pack("S S L L", 16, 0, $port, 0)) and push @kept, $s;
  }
  print "there\n"; sleep 600;
`;

/** Sends requests and leaves before the answers, and connects to the name and stays, as often as possible. */
const RUDE = `
  use Socket;
  $| = 1;
  for (1 .. 1000) {
    socket(my $s, AF_INET, SOCK_STREAM, 0);
    setsockopt($s, SOL_SOCKET, SO_LINGER, pack("l l", 1, 0));
    connect($s, sockaddr_in(9577, inet_aton("127.0.0.1"))) or next;
    syswrite($s, "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n" x 5);
    socket(my $u, AF_UNIX, SOCK_STREAM, 0); fcntl($u, 4, 2048);
    connect($u, pack("S a*", AF_UNIX, "\\0portcullis.agent")) and push @kept, $u;
  }
  print "there\n"; sleep 600;
`;

describe('a neighbour process without capabilities', () => {
  const space = useGovernedNamespace();
  let neighbours: RunningProcess[];

  beforeEach(() => {
    neighbours = [];
  });

  afterEach(async () => {
    await Promise.all(neighbours.map((neighbour) => neighbour.stop()));
  });

  const startNeighbour = async (program: string, prefix: readonly string[] = POWERLESS): Promise<RunningProcess> => {
    const [file, ...args] = [...inNetns(space().name), ...prefix, 'perl', '-e', program] as const;
    const lines: string[] = [];
    const neighbour = await startProcess(file, args, { output: (line) => lines.push(line) });
    neighbours.push(neighbour);
    await waitFor(
      'the neighbour',
      DEADLINE_MS,
      () => Promise.resolve(lines.includes('there') || undefined),
      () => lines.join('\n'),
    );
    return neighbour;
  };

  /** Starts an agent and measures the time in ms until its rules are in the kernel. */
  const startAndMeasure = async (
    pattern = ENFORCED,
  ): Promise<{ readonly agent: AgentProcess; readonly ms: number }> => {
    const startedAt = performance.now();
    const agent = await space().start();
    await space().untilRules('the rules', pattern);
    return { agent, ms: performance.now() - startedAt };
  };

  /** Time in ms until an agent enforces policy without interference. */
  const undisturbed = async (): Promise<number> => {
    const { agent, ms } = await startAndMeasure();
    await agent.stop();
    // nft uses a set for some milliseconds after its rules are gone.
    const flush =
      'for t in iptables-nft ip6tables-nft; do for u in security raw; do $t -t $u -F; $t -t $u -X; done; done';
    const destroy = 'for i in $(seq 50); do ipset destroy 2>/dev/null && exit 0; sleep 0.1; done; ipset destroy';
    await space().run('sh', '-c', `${flush}; ${destroy}`);
    return ms;
  };

  test('a neighbour that has the port delays nothing; it is reported, and the agent listens once the port is free', async () => {
    const usual = await undisturbed();
    const neighbour = await startNeighbour(PORT);
    const { agent, ms } = await startAndMeasure();
    expect(ms).toBeLessThan(usual + 1_000);
    await agent.says(/cannot serve metrics, health and status; policies are still enforced.*9577/);
    await space().write('policy.yaml', allowPort(81));
    await space().untilRules('the change', /--dport 81 -j RETURN/);
    await neighbour.stop();
    await space().untilReady();
    const metrics = await space().run('curl', '-s', '127.0.0.1:9577/metrics');
    expect(Number(/^portcullis_listen_failures_total (\d+)$/m.exec(metrics)?.[1])).toBeGreaterThan(0);
    const status = JSON.parse(await space().run('curl', '-s', '127.0.0.1:9577/status')) as { listener: object };
    expect(status.listener).toMatchObject({ url: 'http://127.0.0.1:9577', failures: expect.any(Number) });
  });

  test('a neighbour that has the agent’s name, and greets like an agent, delays the first agent by about a second', async () => {
    const usual = await undisturbed();
    await startNeighbour(NAME);
    const { agent, ms } = await startAndMeasure();
    expect(ms - usual).toBeLessThan(3_000);
    await agent.says(/another process holds the node lock but does not enforce policy/);
  });

  test('a neighbour that takes the name when an agent is killed delays the next one by about a second', async () => {
    const { agent, ms: usual } = await startAndMeasure();
    agent.signal('SIGKILL');
    await agent.ended;
    // What this version leaves once its layout is that of agents with a lock.
    await space()
      .run('iptables-nft', '-N', `PORTCULLIS-LAYOUT-${FIRST_LOCKED_LAYOUT}`)
      .catch(() => undefined);
    await startNeighbour(NAME);
    await space().write('policy.yaml', allowPort(81));
    const { ms } = await startAndMeasure(/--dport 81 -j RETURN/);
    expect(ms - usual).toBeLessThan(3_000);
  });

  test('a neighbour that has the name does not let two agents work at once', async () => {
    await startNeighbour(NAME);
    const { agent: first } = await startAndMeasure();
    const second = await space().start({ flags: ['--nflog-group=7'] });
    await second.says(/another agent runs on this node/);
    await space().write('policy.yaml', allowPort(81));
    expect(await space().untilRules('the change', /--dport 81 -j RETURN/)).not.toContain('--nflog-group 7');
    expect(second.log()).not.toContain('policy is in force');
    first.signal('SIGKILL');
    await space().untilRules('the rules of the second', /--nflog-group 7\b/);
  });

  test.each([
    ['takes all pages of pipes that the user of agents may have', ALL_PIPE_PAGES],
    ['binds the netlink ports that programs of the agent would get', NETLINK_PORTS],
  ])('a neighbour that %s keeps no agent from starting, changing rules and having its lock', async (_, program) => {
    await startNeighbour(program);
    const { agent } = await startAndMeasure();
    await space().untilReady();
    await space().write('policy.yaml', allowPort(81));
    await space().untilRules('the change', /--dport 81 -j RETURN/);
    const second = await space().start();
    await second.says(/another agent runs on this node/);
    expect(agent.log()).not.toMatch(/ ERROR /);
  });

  test('a neighbour that breaks off requests and crowds the name has no effect: the agent works, and logs nothing', async () => {
    const { agent } = await startAndMeasure();
    await space().untilReady();
    const before = agent.log();
    await startNeighbour(RUDE);
    await space().untilReady();
    expect(agent.log()).toBe(before);
    await space().write('policy.yaml', allowPort(81));
    await space().untilRules('the change', /--dport 81 -j RETURN/);
  });

  test('a neighbour that fills the listener with half requests does not affect the probes', async () => {
    const health = path.join(space().folder, '..', `health-${path.basename(space().folder)}`);
    const probe = (word: string): Promise<string> => space().run(PROBE, word, health);
    await space().start({ flags: [`--health-file=${health}`] });
    await space().untilReady();
    await startNeighbour(HALF_OPEN);
    // The reason for all this: there is no answer over HTTP.
    await expect(space().run('curl', '-sf', '--max-time', '2', '127.0.0.1:9577/healthz')).rejects.toThrow();
    for (const word of ['live', 'ready', 'started']) expect(await probe(word)).toBe('ok\n');
    const before = await readFile(health, 'utf8');
    await waitFor('the file to be renewed', DEADLINE_MS, async () =>
      (await readFile(health, 'utf8')) === before ? undefined : true,
    );
    for (const word of ['live', 'ready', 'started']) expect(await probe(word)).toBe('ok\n');
    await rm(health, { force: true });
  });
});

describe('an older agent, which has the name and not the lock', () => {
  const space = useGovernedNamespace();

  test('an older agent is waited for while it works, and replaced when it is killed', async () => {
    // It left its rules, removes the marker set, and has CAP_NET_ADMIN.
    await space().run('iptables-nft', '-N', 'PORTCULLIS-FORWARD');
    const tidy = NAME.replace(
      'while (1) {',
      'if (!fork) { while (1) { system(q(for s in $(ipset list -name | grep ^portcullis-m-); do ipset destroy $s; done)); sleep 2 } } while (1) {',
    );
    const [file, ...args] = [...inNetns(space().name), 'setpriv', '--pdeathsig', 'KILL', 'perl', '-e', tidy] as const;
    const lines: string[] = [];
    const older = await startProcess(file, args, { output: (line) => lines.push(line) });
    try {
      await waitFor('the older agent', DEADLINE_MS, () => Promise.resolve(lines.includes('there') || undefined));
      const agent = await space().start();
      await agent.says(/another agent runs on this node; waiting until it ends.*version 0.1.0, process 7/);
      // Longer than an impostor gets, and than the older agent takes to remove the marker set.
      await delay(6_000);
      expect(agent.log()).not.toContain('policy is in force');
    } finally {
      await createCommandRunner()
        .run('pkill', ['-KILL', '-P', String(older.pid)])
        .catch(() => undefined);
      older.signal('SIGKILL');
      await older.ended;
    }
    await space().untilRules('the rules', ENFORCED);
  });
});
