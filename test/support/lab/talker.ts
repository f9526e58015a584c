import path from 'node:path';
import { createCompanionStarter } from '../../../src/kernel/companion.ts';
import { onNode } from '../../../src/lab/node.ts';
import { waitFor } from '../wait-for.ts';

const FILE = path.join(import.meta.dirname, 'talker.pl');
const DEADLINE_MS = 40_000;

/** Named ends of conversations in one network namespace (talker.pl). */
export interface Talker {
  listen(name: string, kind: 'tcp' | 'udp', address: string, port: number): Promise<void>;
  /** Resolves when the connection is open, or with what happened instead. */
  open(name: string, kind: 'tcp' | 'udp', address: string, port: number, fromPort?: number): Promise<string>;
  say(name: string, word: string): void;
  /** Returns everything that the end has reported, such as `heard WORD` or `failed ECONNRESET`. */
  told(name: string): readonly string[];
  /** Waits until it reports that. @throws after the deadline, with all its reports */
  until(name: string, event: string, deadlineMs?: number): Promise<void>;
  stop(): Promise<void>;
}

export const createTalker = (netns: string): Talker => {
  const events: string[] = [];
  let rest = '';
  const companion = createCompanionStarter([...onNode(netns)], 'as it is')(
    'perl',
    [FILE],
    (text) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      events.push(...lines);
    },
    (complaint) => events.push(`complaint: ${complaint}`),
  );
  const told = (name: string): readonly string[] =>
    events.flatMap((event) => (event.startsWith(`${name} `) ? [event.slice(name.length + 1)] : []));
  const until = async (name: string, isIt: (event: string) => boolean, deadlineMs = DEADLINE_MS): Promise<string> =>
    waitFor(
      `${netns} to report ${name}`,
      deadlineMs,
      () => Promise.resolve(told(name).find(isIt)),
      () => events.join('; '),
    );
  return {
    async listen(name, kind, address, port) {
      companion.write(`listen ${name} ${kind} ${address} ${port}\n`);
      await until(name, (event) => event === 'listening');
    },
    open(name, kind, address, port, fromPort) {
      companion.write(`open ${name} ${kind} ${address} ${port} ${fromPort ?? ''}\n`);
      return until(name, (event) => event === 'open' || event.startsWith('failed'));
    },
    say(name, word) {
      companion.write(`say ${name} ${word}\n`);
    },
    told,
    async until(name, event, deadlineMs) {
      await until(name, (each) => each === event, deadlineMs);
    },
    async stop() {
      companion.stop();
      await companion.ended;
    },
  };
};
