import { mkdir, mkdtemp, rename, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createCommandRunner } from '../../../src/kernel/command.ts';
import { nodeAddress } from '../../../src/lab/fabric.ts';
import type { Lab } from '../../../src/lab/lab.ts';
import { onNode } from '../../../src/lab/node.ts';
import { type RunningProcess, startProcess } from '../../../src/lab/process.ts';
import type { StoredFlow } from '../../../src/records/record.ts';
import { cleanUp, removeFolder } from '../../support/clean-up.ts';
import { waitFor } from '../../support/wait-for.ts';

const PORTCULLIS = path.join(import.meta.dirname, '../../../bin/portcullis');
const DEADLINE_MS = 60_000;
const LISTEN = `${nodeAddress('ipv4', 1)}:9577`;

/** What somebody sends: what opens a connection, a packet of its own making, or a frame on the link. */
export type Sent =
  | { readonly kind: 'tcp' | 'udp'; readonly to: string; readonly port: number }
  | { readonly kind: 'packet'; readonly to: string; readonly bytes: Buffer }
  | { readonly kind: 'frame'; readonly hex: string };

/** Prints the time, then sends, and waits for nothing. */
const SEND = `
  use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);
  use Socket qw(:DEFAULT inet_pton AF_INET6 pack_sockaddr_in6 MSG_DONTWAIT); use Fcntl;
  my ($kind, $to, $what) = @ARGV;
  my $six = $to =~ /:/; my $family = $six ? AF_INET6 : AF_INET;
  my $port = $kind eq 'packet' ? 0 : $what;
  my $end = $kind eq 'frame' ? '' : $six ? pack_sockaddr_in6($port, inet_pton(AF_INET6, $to)) : pack_sockaddr_in($port, inet_aton($to));
  if ($kind eq 'frame') { socket(S, 17, 3, 0) or die "socket: $!" }
  elsif ($kind eq 'packet') { socket(S, $family, SOCK_RAW, 255) or die "socket: $!" }
  else { socket(S, $family, $kind eq 'udp' ? SOCK_DGRAM : SOCK_STREAM, 0) or die "socket: $!"; fcntl(S, F_SETFL, O_NONBLOCK) }
  my $f = pack("H*", $what);
  $end = pack("S a2 l S C C a8", 17, substr($f, 12, 2), $to, 0, 0, 6, substr($f, 0, 6)) if $kind eq 'frame';
  print clock_gettime(CLOCK_MONOTONIC);
  if ($kind eq 'tcp') { connect(S, $end) }
  elsif ($kind eq 'udp') { send(S, 'hello', MSG_DONTWAIT, $end) or die "send: $!" }
  else { send(S, $f, 0, $end) or die "send: $!" }
`;

const argumentsOf = async (from: string, sent: Sent): Promise<readonly string[]> => {
  if (sent.kind === 'packet') return ['packet', sent.to, sent.bytes.toString('hex')];
  if (sent.kind !== 'frame') return [sent.kind, sent.to, `${sent.port}`];
  const shown = await createCommandRunner(onNode(from)).run('ip', ['-o', 'link', 'show', 'eth0']);
  return ['frame', shown.split(':')[0] ?? '', sent.hex];
};

export interface Stage {
  /** Puts an object in the cluster, or takes it away. */
  put(file: string, text: string): Promise<void>;
  remove(file: string): Promise<void>;
  /** Writes a file of the network plugin's results. */
  note(file: string, text: string): Promise<void>;
  start(...flags: readonly string[]): Promise<void>;
  /** Waits until the agent knows this many pods. */
  untilPods(count: number): Promise<void>;
  /** Waits until the metrics of the agent or other parts say so. */
  until(what: string, isSo: () => Promise<boolean>): Promise<void>;
  status(): Promise<Readonly<Record<string, unknown>>>;
  /** @returns ms of process.hrtime */
  send(from: string, sent: Sent): Promise<number>;
  /** The first record after the `mark`th that is the one. */
  refusal(what: string, mark: number, isIt: (flow: StoredFlow) => boolean): Promise<Heard>;
  /** How many records were heard. */
  mark(): number;
  /** Lines of the log. */
  readonly log: readonly string[];
  metrics(): Promise<string>;
  close(lab: Lab): Promise<void>;
}

export interface Heard {
  readonly flow: StoredFlow;
  /** ms of process.hrtime */
  readonly at: number;
}

export const monotonicMs = (): number => Number(process.hrtime.bigint() / 1000n) / 1000;

/** An agent on node1 that follows a folder, and who watches its records. */
export const createStage = async (backend: string): Promise<Stage> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'causes-'));
  const [state, results, records] = ['state', 'results', 'records'].map((name) => path.join(folder, name)) as [
    string,
    string,
    string,
  ];
  await mkdir(state);
  await mkdir(results);
  const log: string[] = [];
  const heard: Heard[] = [];
  let agent: RunningProcess | undefined;
  let watcher: RunningProcess | undefined;

  const write = async (into: string, file: string, text: string): Promise<void> => {
    const draft = path.join(folder, 'draft');
    await writeFile(draft, text);
    await rename(draft, path.join(into, file));
  };
  const metrics = async (): Promise<string> => (await fetch(`http://${LISTEN}/metrics`)).text();
  const describe = (): string => [...heard.map(({ flow }) => JSON.stringify(flow)), ...log].slice(-60).join('\n');
  const until = async (what: string, isSo: () => Promise<boolean>): Promise<void> => {
    await waitFor(what, DEADLINE_MS, async () => ((await isSo()) ? true : undefined), describe);
  };

  return {
    log,
    put: (file, text) => write(state, `${file}.json`, text),
    remove: (file) => unlink(path.join(state, `${file}.json`)),
    note: (file, text) => write(results, file, text),
    async start(...flags) {
      const [file, ...args] = [
        ...onNode('node1'),
        PORTCULLIS,
        'agent',
        `--manifests=${state}`,
        ...(flags.some((flag) => flag.startsWith('--cni-results')) ? [] : [`--cni-results=${results}`]),
        '--node-name=node1',
        `--listen=${LISTEN}`,
        `--iptables-backend=${backend}`,
        `--records-dir=${records}`,
        '--log-format=text',
        ...flags,
      ] as const;
      agent = await startProcess(file, args, { output: (line) => log.push(line) });
      await until('the agent to be ready', async () => {
        const response = await fetch(`http://${LISTEN}/readyz`).catch(() => undefined);
        return response?.ok === true;
      });
      watcher = await startProcess(
        PORTCULLIS,
        ['flows', '--denied', '-w', '-o', 'json', '--since=1h', `--records-dir=${records}`],
        {
          output(line) {
            if (line.startsWith('{')) heard.push({ flow: JSON.parse(line) as StoredFlow, at: monotonicMs() });
            else log.push(line);
          },
        },
      );
    },
    until,
    untilPods: (count) =>
      until(`${count} pods`, async () => (await metrics()).includes(`portcullis_cluster_pods ${count}\n`)),
    status: async () => (await (await fetch(`http://${LISTEN}/status`)).json()) as Readonly<Record<string, unknown>>,
    async send(from, sent) {
      const args = await argumentsOf(from, sent);
      return Number(await createCommandRunner(onNode(from)).run('perl', ['-e', SEND, ...args])) * 1000;
    },
    mark: () => heard.length,
    refusal: (what, mark, isIt) =>
      waitFor(what, DEADLINE_MS, () => Promise.resolve(heard.slice(mark).find(({ flow }) => isIt(flow))), describe),
    metrics,
    async close(lab) {
      await cleanUp(
        () => watcher?.stop(),
        () => agent?.stop(),
        () => lab.close(),
        () => removeFolder(folder),
      );
    },
  };
};
