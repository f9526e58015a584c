import { startProcess } from '../../src/lab/process.ts';
import { until } from '../cluster/until.ts';
import { nodeCommand, onNode } from './node-access.ts';

/** Datagrams from one place to many addresses, repeatedly, whether or not a host has them. */
export interface Hammer {
  /** Waits until hosts of these names have answered. @throws Error with the missing ones after a minute */
  untilHeard(names: readonly string[]): Promise<void>;
  stop(): Promise<Hammered>;
}

export interface Hammered {
  /** The number of answers of each host, by its name: for a pod, the pod's. */
  readonly answers: ReadonlyMap<string, number>;
  /** The mean time between two datagrams to the same address. */
  readonly periodMs: number;
}

/** The place of a hammer: a network namespace of a node, as a path there. */
export interface HammerPlace {
  readonly node: string;
  readonly netns: string;
}

/**
 * Arguments: a file whose appearance ends it, a port, addresses of one family. agnhost answers "hostname" with its
 * host's name. Prints each host when it first answers, and at the end the content of Hammered.
 */
const SCRIPT = `
use strict; $| = 1; use Socket qw(:all); use Time::HiRes qw(time sleep);
my ($stop, $port, @addresses) = @ARGV;
my $six = $addresses[0] =~ /:/;
socket(my $socket, $six ? PF_INET6 : PF_INET, SOCK_DGRAM, 17) or die $!;
my @to = map { $six ? pack_sockaddr_in6($port, inet_pton(AF_INET6, $_)) : pack_sockaddr_in($port, inet_aton($_)) } @addresses;
my ($rounds, %answers) = (0); my $began = time; my $answer;
until ($rounds % 50 == 0 && -e $stop) {
  send($socket, 'hostname', MSG_DONTWAIT, $_) for @to;
  while (defined recv($socket, $answer, 256, MSG_DONTWAIT)) { print "heard $answer\\n" unless $answers{$answer}++ }
  $rounds++; sleep 0.001;
}
printf "period %.3f\\n", 1000 * (time - $began) / ($rounds || 1);
print "answer $_ $answers{$_}\\n" for keys %answers;
print "end\\n";
`;

const HEARD_MS = 60_000;

let hammers = 0;

/** Starts to send to the port of all addresses in turn, with 1 ms between two rounds. */
export const startHammer = async (
  { node, netns }: HammerPlace,
  port: number,
  addresses: readonly string[],
): Promise<Hammer> => {
  hammers += 1;
  // A signal would end nsenter alone, and not the program that it has started in another process namespace.
  const stopFile = `/tmp/stop-hammer-${String(process.pid)}-${String(hammers)}`;
  const lines: string[] = [];
  const [file = '', ...prefix] = await nodeCommand(node);
  const perl = ['nsenter', `--net=${netns}`, 'perl', '-e', SCRIPT, stopFile, String(port), ...addresses];
  const running = await startProcess(file, [...prefix, ...perl], { output: (line) => lines.push(line) });
  const heard = (): ReadonlySet<string | undefined> =>
    new Set(lines.map((line) => line.split(' ')).flatMap(([kind, name]) => (kind === 'heard' ? [name] : [])));
  return {
    async untilHeard(names) {
      await until(`answers of ${names.join(' ')} on ${node}`, HEARD_MS, () => {
        const missing = names.filter((name) => !heard().has(name));
        if (missing.length > 0) throw new Error(`not heard: ${missing.join(' ')}`);
        return Promise.resolve(true);
      });
    },
    async stop() {
      await (await onNode(node)).run('touch', [stopFile]);
      const { code } = await running.ended;
      // The process may be gone before its last lines have arrived.
      await until(`the last words of the hammer on ${node}`, HEARD_MS, () => Promise.resolve(lines.at(-1) === 'end'));
      if (code !== 0) throw new Error(`the hammer on ${node} ended with ${String(code)}: ${lines.join('\n')}`);
      const words = lines.map((line) => line.split(' '));
      const period = words.find(([kind]) => kind === 'period');
      const answers = words.filter(([kind]) => kind === 'answer');
      return {
        periodMs: Number(period?.[1]),
        answers: new Map(answers.map(([, name = '', count]) => [name, Number(count)])),
      };
    },
  };
};
