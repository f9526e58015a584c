import { CommandError, createCommandRunner } from '../../../kernel/command.ts';
import { inNetns } from '../../../lab/batch.ts';
import type { Actor } from '../stage.ts';
import type { StoryCurl } from './story.ts';
import type { Target } from './target.ts';

/** The end of a story's connection. */
export interface Ending {
  readonly kind: 'answers' | 'times out' | 'fails';
  /** Text for people: `HTTP 200 from backend/api`, or curl's message. */
  readonly text: string;
}

/** curl(1), EXIT CODES: operation timeout. */
const TIMED_OUT = 28;

/** Enough for a handshake inside one machine, without a SYN retransmission (1 s, RFC 6298). */
export const CONNECT_SECONDS = 1;
const UDP_MS = 1_000;

const hostInUrl = (host: string): string => (host.includes(':') ? `[${host}]` : host);

const urlOf = ({ host }: Target, port: number): string => `http://${hostInUrl(host)}${port === 80 ? '' : `:${port}`}`;

/** Returns the command that a person would type in the pod, without timeouts and plumbing. */
export const describeAttempt = (
  target: Target,
  { to, port, protocol }: Pick<StoryCurl, 'to' | 'port' | 'protocol'>,
): string => {
  const whose = target.host === to ? '' : ` (${to})`;
  return protocol === 'TCP'
    ? `curl ${urlOf(target, port)}${whose}`
    : `(UDP echo) ${hostInUrl(target.host)}:${port}${whose}`;
};

const firstWord = (text: string): string => text.split(' ', 1)[0] ?? '';

const curl = async ({ netns }: Actor, target: Target, port: number): Promise<Ending> => {
  // -q and --noproxy: no settings of the person's own machine. The last line of output is the status.
  const plumbing = ['-q', '--noproxy', '*', '--silent', '--show-error', '--write-out', '%{http_code}'];
  const patience = ['--connect-timeout', String(CONNECT_SECONDS), '--max-time', '10'];
  try {
    const output = await createCommandRunner(inNetns(netns)).run('curl', [
      ...plumbing,
      ...patience,
      urlOf(target, port),
    ]);
    const [body = '', status = ''] = output.split('\n');
    return { kind: 'answers', text: `HTTP ${status} from ${firstWord(body)}` };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    if (error.exitCode === TIMED_OUT) return { kind: 'times out', text: `curl: (${TIMED_OUT}) timed out` };
    return { kind: 'fails', text: error.stderr.trim().split('\n').at(-1) ?? error.message };
  }
};

const echo = async ({ process }: Actor, { sockets }: Target): Promise<Ending> => {
  const [socket] = sockets;
  const targets = socket === undefined ? [] : [{ protocol: 'UDP' as const, ...socket }];
  const [outcome] = await process.probe(targets, UDP_MS);
  if (outcome === 'open') return { kind: 'answers', text: 'the datagram came back' };
  return outcome === 'timeout'
    ? { kind: 'times out', text: 'no datagram came back' }
    : { kind: 'fails', text: outcome ?? 'nothing to try' };
};

/** Tries the connection once, from the pod's own network namespace. */
export const tryConnection = (
  actor: Actor,
  target: Target,
  attempt: Pick<StoryCurl, 'port' | 'protocol'>,
): Promise<Ending> => (attempt.protocol === 'TCP' ? curl(actor, target, attempt.port) : echo(actor, target));
