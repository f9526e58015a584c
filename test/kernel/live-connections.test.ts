import { mkdir, mkdtemp, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createCommandRunner } from '../../src/kernel/command.ts';
import { nodeAddress } from '../../src/lab/fabric.ts';
import type { Lab } from '../../src/lab/lab.ts';
import { onNode } from '../../src/lab/node.ts';
import { type RunningProcess, startProcess } from '../../src/lab/process.ts';
import { IP_FAMILIES, type IpFamily } from '../../src/model/family.ts';
import { cleanUp, removeFolder } from '../support/clean-up.ts';
import { openLab } from '../support/lab/open-lab.ts';
import { ATTACHMENTS, dualStackNode } from '../support/lab/small-lab.ts';
import { createTalker, type Talker } from '../support/lab/talker.ts';
import { waitFor } from '../support/wait-for.ts';

/** Real conversations through a real agent: what conntrack forgets, what policy cuts, and what refused ends receive. */

const PORTCULLIS = path.join(import.meta.dirname, '../../bin/portcullis');
const DEADLINE_MS = 40_000;
/** A reset comes some seconds after the first refused packet, later on a busy machine. */
const RESET_MS = 30_000;
/** Linux delays an acknowledgement by up to 200 ms (TCP_DELACK_MAX). */
const DELAYED_ACK_MS = 300;

const ADDRESSES = {
  web: { ipv4: '10.244.1.5', ipv6: 'fd00:10:244:1::5' },
  near: { ipv4: '10.244.1.6', ipv6: 'fd00:10:244:1::6' },
  far: { ipv4: '10.244.2.5', ipv6: 'fd00:10:244:2::5' },
} as const;

type Pod = keyof typeof ADDRESSES;
const PODS = Object.keys(ADDRESSES) as readonly Pod[];
const CLIENTS = ['near', 'far'] as const;
const NODE: Readonly<Record<Pod, string>> = { web: 'node1', near: 'node1', far: 'node2' };

const podManifest = (name: Pod): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'shop', labels: { app: name } },
    spec: { nodeName: NODE[name], containers: [{ name: 'c' }] },
    status: { phase: 'Running', podIPs: Object.values(ADDRESSES[name]).map((ip) => ({ ip })) },
  });

const policyManifest = (name: string, spec: object): string =>
  JSON.stringify({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace: 'shop' },
    spec,
  });

const clients = CLIENTS.map((app) => ({ podSelector: { matchLabels: { app } } }));
const isolate = (app: Pod, from: readonly object[], ports?: readonly object[]): string =>
  policyManifest(app, {
    podSelector: { matchLabels: { app } },
    policyTypes: ['Ingress'],
    ingress: from.length === 0 ? [] : [{ from, ...(ports !== undefined && { ports }) }],
  });
const ALLOW = isolate('web', clients, [{ port: 80, protocol: 'TCP' }]);
const DENY = isolate('web', []);
/** The clients accept nothing: only they may open connections. */
const CLIENTS_CLOSED = policyManifest('clients', {
  podSelector: { matchExpressions: [{ key: 'app', operator: 'In', values: CLIENTS }] },
  policyTypes: ['Ingress'],
});

/** Sends one TCP acknowledgement with data by a raw socket. */
const SEND_ACK = `
  use Socket; my ($from, $to, $source, $port) = @ARGV;
  sub sum { my $sum = 0; $sum += $_ for unpack('n*', $_[0]); $sum = ($sum & 65535) + ($sum >> 16) while $sum > 65535; return ~$sum & 65535 }
  my $segment = sub { pack('nnNNCCnnn', $source, $port, 1000, 2000, 80, 24, 1000, $_[0], 0) . 'data' };
  my $all = inet_aton($from) . inet_aton($to) . pack('CCn', 0, 6, 24) . $segment->(0);
  socket(my $raw, AF_INET, SOCK_RAW, 6) or die $!;
  send($raw, $segment->(sum($all)), 0, pack_sockaddr_in(0, inet_aton($to))) or die $!;
`;

/** Sends an echo request and prints type and code of the answer. */
const PING = `
  use Socket; my ($to) = @ARGV;
  socket(my $raw, AF_INET, SOCK_RAW, 1) or die $!;
  send($raw, pack('CCnnn', 8, 0, 0xf7fe, 0, 1), 0, pack_sockaddr_in(0, inet_aton($to))) or die $!;
  vec(my $ready = '', fileno($raw), 1) = 1;
  select($ready, undef, undef, 20) or die 'nothing came';
  recv($raw, my $answer, 1500, 0);
  print join ' ', unpack('CC', substr($answer, 20, 2));
`;

describe.each(ATTACHMENTS)('with pods attached by $attach, rules by $backend', ({ attach, backend }) => {
  let lab: Lab;
  let folder: string;
  let agent: RunningProcess | undefined;
  let log: string[];
  let talkers: Record<Pod, Talker>;
  let names = 0;

  const listen = `${nodeAddress('ipv4', 1)}:9577`;
  const onNode1 = createCommandRunner(onNode('node1'));

  const write = async (file: string, text: string): Promise<void> => {
    await writeFile(path.join(folder, `${file}.tmp`), text);
    await rename(path.join(folder, `${file}.tmp`), path.join(folder, 'state', `${file}.json`));
  };

  const status = async (): Promise<{ ready: boolean; pending: boolean; lastChange?: { at: string } } | undefined> => {
    const response = await fetch(`http://${listen}/status`).catch(() => undefined);
    return (await response?.json()) as { ready: boolean; pending: boolean; lastChange?: { at: string } } | undefined;
  };

  /** Brings policies into force. */
  const apply = async (policies: Readonly<Record<string, string>>): Promise<void> => {
    const before = (await status())?.lastChange?.at;
    for (const [name, text] of Object.entries(policies)) await write(`policy-${name}`, text);
    if (agent === undefined) return;
    await waitFor(
      'the policies to be in force',
      DEADLINE_MS,
      async () => {
        const now = await status();
        return (now?.pending === false && now.lastChange?.at !== before) || undefined;
      },
      () => log.join('\n'),
    );
  };

  const start = async (...args: readonly string[]): Promise<void> => {
    const [file, ...rest] = [
      ...onNode('node1'),
      PORTCULLIS,
      'agent',
      `--manifests=${path.join(folder, 'state')}`,
      '--cni-results=0',
      '--node-name=node1',
      `--listen=${listen}`,
      `--iptables-backend=${backend}`,
      '--log-format=text',
      ...args,
    ] as const;
    agent = await startProcess(file, rest, { output: (line) => log.push(line) });
    await waitFor(
      'the agent to be ready',
      DEADLINE_MS,
      async () => ((await status())?.ready === true ? true : undefined),
      () => log.join('\n'),
    );
  };

  const answers = async (kind: string): Promise<number> => {
    const text = await (await fetch(`http://${listen}/metrics`)).text();
    return Number(
      new RegExp(`^portcullis_answers_total\\{kind="${kind}"\\} (\\d+)$`, 'm').exec(text)?.[1] ?? Number.NaN,
    );
  };

  interface Conversation {
    readonly client: {
      readonly say: (word: string) => void;
      readonly told: () => readonly string[];
      readonly until: (event: string, ms?: number) => Promise<void>;
    };
    readonly server: Conversation['client'];
  }

  const endOf = (pod: Pod, name: string): Conversation['client'] => ({
    say: (word) => {
      talkers[pod].say(name, word);
    },
    told: () => talkers[pod].told(name),
    until: (event, ms) => talkers[pod].until(name, event, ms),
  });

  interface Wanted {
    readonly family: IpFamily;
    readonly client?: Pod;
    readonly server?: Pod;
    readonly port?: number;
    readonly fromPort?: number | undefined;
    readonly kind?: 'tcp' | 'udp';
  }

  /** Opens a conversation in which both have sent. */
  const converse = async ({ family, client = 'far', server = 'web', port = 80, fromPort, kind = 'tcp' }: Wanted) => {
    names += 1;
    const name = `c${names}`;
    await talkers[server].listen(name, kind, ADDRESSES[server][family], port);
    expect(await talkers[client].open(name, kind, ADDRESSES[server][family], port, fromPort)).toBe('open');
    const conversation: Conversation = { client: endOf(client, name), server: endOf(server, name) };
    await exchange(conversation, 'first');
    return conversation;
  };

  /** Checks that each end receives the other's data; the client sends first. */
  const exchange = async ({ client, server }: Conversation, word: string): Promise<void> => {
    client.say(`${word}-asked`);
    await server.until(`heard ${word}-asked`);
    server.say(`${word}-answered`);
    await client.until(`heard ${word}-answered`);
  };

  /** The same with the server first. */
  const exchangeFromServer = ({ client, server }: Conversation, word: string): Promise<void> =>
    exchange({ client: server, server: client }, word);

  /** Empties the table until nothing comes back: a delayed acknowledgement re-creates its entry. */
  const forget = async (): Promise<void> => {
    await waitFor('the table of connections to stay empty', DEADLINE_MS, async () => {
      await onNode1.run('conntrack', ['-F']);
      await delay(DELAYED_ACK_MS);
      const entries = await Promise.all(
        IP_FAMILIES.map((family) => onNode1.run('conntrack', ['-L', '-f', family, '-p', 'tcp'])),
      );
      return entries.join('').trim() === '' || undefined;
    });
  };

  beforeEach(async () => {
    log = [];
    agent = undefined;
    lab = await openLab({ attach, backend, families: IP_FAMILIES });
    await lab.addNode(dualStackNode(1));
    await lab.addNode(dualStackNode(2));
    await lab.addPods(PODS.map((name) => ({ name, node: NODE[name], ips: Object.values(ADDRESSES[name]) })));
    folder = await mkdtemp(path.join(tmpdir(), 'live-'));
    await mkdir(path.join(folder, 'state'));
    await write('namespace', JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } }));
    for (const name of PODS) await write(`pod-${name}`, podManifest(name));
    talkers = Object.fromEntries(PODS.map((name) => [name, createTalker(name)])) as Record<Pod, Talker>;
  });

  afterEach(async () => {
    await cleanUp(
      () => agent?.stop(),
      ...Object.values(talkers).map((talker) => () => talker.stop()),
      () => lab.close(),
      () => removeFolder(folder),
    );
  });

  test('a connection that conntrack forgot continues if policy allows it, whichever end speaks first', async () => {
    await apply({ web: ALLOW, clients: CLIENTS_CLOSED });
    await start();
    for (const family of IP_FAMILIES) {
      for (const client of CLIENTS) {
        const conversation = await converse({ family, client });
        await forget();
        await exchange(conversation, 'client-first');
        await forget();
        await exchangeFromServer(conversation, 'server-first');
        await exchange(conversation, 'again');
      }
    }
    expect(await answers('asked')).toBeGreaterThanOrEqual(1);
    expect(await answers('reset')).toBe(0);
  });

  test.each([
    ['a server at a port of clients', 40_001, undefined],
    ['two ports of servers', 8_080, 20_000],
    ['one port at both ends', 7_000, 7_000],
  ])('a forgotten connection whose ports do not show who opened it continues: %s', async (_, port, fromPort) => {
    await apply({ web: isolate('web', clients), clients: CLIENTS_CLOSED });
    await start();
    for (const family of IP_FAMILIES) {
      const conversation = await converse({ family, port, fromPort });
      await forget();
      await exchangeFromServer(conversation, 'server-first');
      await forget();
      await exchange(conversation, 'client-first');
    }
  });

  test('an idle connection continues after its timeout', async () => {
    await apply({ web: ALLOW, clients: CLIENTS_CLOSED });
    await start();
    await onNode1.run('sysctl', ['-q', '-w', 'net.netfilter.nf_conntrack_tcp_timeout_established=1']);
    for (const speak of [exchange, exchangeFromServer]) {
      const conversation = await converse({ family: 'ipv4' });
      await waitFor(
        'conntrack to forget',
        DEADLINE_MS,
        async () => (await onNode1.run('conntrack', ['-L', '-p', 'tcp', '--state', 'ESTABLISHED'])) === '' || undefined,
      );
      await speak(conversation, 'after-idle');
    }
  });

  test('the agent’s first start, and the first isolation of a pod, cut nothing that policy allows', async () => {
    const before: Conversation[] = [];
    for (const family of IP_FAMILIES) for (const client of CLIENTS) before.push(await converse({ family, client }));
    await start();
    await forget();
    await apply({ web: ALLOW, clients: CLIENTS_CLOSED });
    for (const [at, conversation] of before.entries()) {
      await (at % 2 === 0 ? exchange : exchangeFromServer)(conversation, 'later');
    }
  });

  /** Checks that neither receives the other's data, and that both learn of the end. */
  const expectReset = async ({ client, server }: Conversation, first: 'client' | 'server'): Promise<void> => {
    const [speaker, other] = first === 'client' ? [client, server] : [server, client];
    speaker.say('too-late');
    await speaker.until('failed ECONNRESET', RESET_MS);
    await other.until('failed ECONNRESET', RESET_MS);
    expect([...client.told(), ...server.told()]).not.toContain('heard too-late');
  };

  test('a cut connection stays cut, and both ends are reset, whichever end speaks first', async () => {
    await apply({ web: ALLOW });
    await start();
    const conversations: Conversation[] = [];
    for (const family of IP_FAMILIES) {
      for (const client of CLIENTS) {
        conversations.push(await converse({ family, client }), await converse({ family, client }));
      }
    }
    await apply({ web: DENY });
    await untilCut();
    await Promise.all(
      conversations.map((conversation, at) => expectReset(conversation, at % 2 === 0 ? 'client' : 'server')),
    );
  });

  const untilCut = (): Promise<unknown> =>
    waitFor(
      'the connections to be cut',
      DEADLINE_MS,
      () =>
        Promise.resolve(log.some((line) => line.includes('cut live connections that policy now denies')) || undefined),
      () => log.join('\n'),
    );

  test.each([
    ['a server at a port of clients', 40_001, undefined],
    ['a client at a port of servers', 40_001, 1_000],
    ['two ports of servers', 8_080, 20_000],
    ['one port at both ends', 7_000, 7_000],
  ])('a cut connection whose ports do not show who opened it stays cut: %s', async (_, port, fromPort) => {
    await apply({ web: isolate('web', clients) });
    await start();
    const conversations: Conversation[] = [];
    for (const family of IP_FAMILIES) conversations.push(await converse({ family, port, fromPort }));
    await apply({ web: DENY });
    await untilCut();
    for (const conversation of conversations) await expectReset(conversation, 'server');
  });

  test('a connection that the kernel picked up in reverse is cut as well', async () => {
    await start();
    const conversation = await converse({ family: 'ipv4' });
    await forget();
    // Nothing is isolated: the kernel makes an entry from the first packet that it sees.
    await exchangeFromServer(conversation, 'turned');
    await apply({ web: DENY });
    await untilCut();
    await expectReset(conversation, 'server');
  });

  test('a connection that policy denies at the agent’s first start ends, and its sender is reset', async () => {
    const first = await converse({ family: 'ipv4' });
    const second = await converse({ family: 'ipv6' });
    await apply({ web: DENY });
    await start();
    first.client.say('too-late');
    second.server.say('too-late');
    await first.client.until('failed ECONNRESET', RESET_MS);
    await second.server.until('failed ECONNRESET', RESET_MS);
    expect([...first.server.told(), ...second.client.told()]).not.toContain('heard too-late');
  });

  test('a denial that is withdrawn within seconds harms no connection', async () => {
    await apply({ web: ALLOW });
    await start();
    const conversations: Conversation[] = [];
    for (const family of IP_FAMILIES)
      conversations.push(await converse({ family }), await converse({ family, client: 'near' }));
    await apply({ web: DENY });
    await untilCut();
    for (const { client, server } of conversations) {
      client.say('client-meanwhile');
      server.say('server-meanwhile');
    }
    await apply({ web: ALLOW });
    for (const { client, server } of conversations) {
      await server.until('heard client-meanwhile');
      await client.until('heard server-meanwhile');
    }
    // Longer than any reset takes.
    const until = performance.now() + 7_000;
    for (let turn = 0; performance.now() < until; turn += 1) {
      for (const conversation of conversations) await exchange(conversation, `turn-${turn}`);
    }
    expect(await answers('reset')).toBe(0);
  });

  /** Returns the number of packets that the chain of the isolated pod dropped. */
  const dropped = async (): Promise<number> => {
    const saved = await onNode1.run(`iptables-${backend}-save`, ['-c']);
    return Number(/\[(\d+):\d+\] -A \S+ .*isolated by shop\/web" -j DROP/.exec(saved)?.[1] ?? Number.NaN);
  };

  test('refused packets are dropped silently, or answered if so configured', async () => {
    await apply({ web: DENY });
    await start();
    await talkers.far.open('udp-silent', 'udp', ADDRESSES.web.ipv4, 53);
    talkers.far.say('udp-silent', 'hello');
    void talkers.far.open('tcp-silent', 'tcp', ADDRESSES.web.ipv4, 80).catch(() => undefined);
    await waitFor('packets to be dropped', DEADLINE_MS, async () => (await dropped()) >= 3 || undefined);
    expect([...talkers.far.told('udp-silent'), ...talkers.far.told('tcp-silent')]).toEqual(['open']);
    await agent?.stop();
    await start('--on-deny=reject');
    for (const client of CLIENTS) {
      for (const family of IP_FAMILIES) {
        const { [family]: address } = ADDRESSES.web;
        expect(await talkers[client].open(`tcp-${family}`, 'tcp', address, 80)).toBe('failed ECONNREFUSED');
        await talkers[client].open(`udp-${family}`, 'udp', address, 53);
        talkers[client].say(`udp-${family}`, 'hello');
        await talkers[client].until(`udp-${family}`, family === 'ipv4' ? 'failed EHOSTUNREACH' : 'failed EACCES');
      }
    }
    const pinged = await createCommandRunner(onNode('far')).run('perl', ['-e', PING, ADDRESSES.web.ipv4]);
    // Destination unreachable, communication administratively prohibited.
    expect(pinged).toBe('3 13');
  });

  test('datagrams between equal ports pass in one direction while the other is closed', async () => {
    await apply({ web: isolate('web', clients, [{ port: 5_000, protocol: 'UDP' }]) });
    await start();
    for (const family of IP_FAMILIES) {
      const { client, server } = await converse({ family, kind: 'udp', port: 5_000, fromPort: 5_000 });
      await apply({ web: DENY });
      await waitFor(
        'the flow to be cut',
        DEADLINE_MS,
        async () =>
          (await onNode1.run('conntrack', ['-L', '-p', 'udp', '-f', family, '--dport', '5000'])) === '' || undefined,
      );
      server.say('still-allowed');
      await client.until('heard still-allowed', 10_000);
      await apply({ web: isolate('web', clients, [{ port: 5_000, protocol: 'UDP' }]) });
    }
  });

  test('stray segments bring nothing into an isolated pod that an opening segment would not', async () => {
    await apply({ web: DENY });
    await start();
    const inWeb = createCommandRunner(onNode('web'));
    await inWeb.run('nft', ['-f', '-'], {
      input: [
        'table inet seen {',
        '  chain input {',
        '    type filter hook input priority 0',
        // An inquiry of the agent, which contains nothing of what was sent, may arrive.
        `    ip saddr ${ADDRESSES.far.ipv4} tcp flags & (fin | syn | rst | ack) != syn | ack counter`,
        '  }',
        '}',
        '',
      ].join('\n'),
    });
    for (const [from, to] of [
      [45_000, 80],
      [80, 45_000],
      [20_000, 8_080],
      [45_000, 45_001],
    ] as const) {
      await createCommandRunner(onNode('far')).run('perl', [
        '-e',
        SEND_ACK,
        ADDRESSES.far.ipv4,
        ADDRESSES.web.ipv4,
        `${from}`,
        `${to}`,
      ]);
    }
    await waitFor(
      'answers to the senders and a question to the pod',
      RESET_MS,
      async () => ((await answers('reset')) >= 3 && (await answers('asked')) >= 1) || undefined,
    );
    expect(await inWeb.run('nft', ['list', 'table', 'inet', 'seen'])).toContain('counter packets 0 ');
  });
});
