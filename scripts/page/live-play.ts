import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { waitFor } from '../../test/support/wait-for.ts';

const ROOT = path.join(import.meta.dirname, '../..');
const MOST_WAIT_MS = 120_000;

/** A playground that shows a page. */
export interface LivePlay {
  /** The link to the page, good once. @throws Error with what the playground complained about, if it does not come */
  link(): Promise<string>;
  /** Returns all that it wrote to standard error. */
  complaints(): string;
  /** Resolves when it has ended, and its namespaces are gone. */
  stop(): Promise<void>;
}

/** Starts `portcullis play --ui`, which makes a sandbox of its own, also within the sandbox of a test run. Needs root. */
export const startPlay = (...args: readonly string[]): LivePlay => {
  const env = { ...process.env, PORTCULLIS_SANDBOX: undefined, NODE_OPTIONS: undefined };
  const play = spawn(process.execPath, ['src/cli/main.ts', 'play', ...args, '--ui'], { cwd: ROOT, env });
  const ended = once(play, 'exit');
  let out = '';
  let complaints = '';
  play.stdout.on('data', (piece: Buffer) => (out += piece.toString()));
  play.stderr.on('data', (piece: Buffer) => (complaints += piece.toString()));
  return {
    link: () =>
      waitFor(
        'the link',
        MOST_WAIT_MS,
        () => Promise.resolve(/^(http:\S+)\n/.exec(out)?.[1]),
        () => complaints,
      ),
    complaints: () => complaints,
    async stop() {
      play.kill('SIGTERM');
      await ended;
    },
  };
};
