import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

/** A background process whose output goes to a file. */
export interface Daemon {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  /** Resolves when it has ended, with the reason for people; never rejects. */
  readonly ended: Promise<string>;
  /** Kills it and waits until it is gone: an orderly end takes kube-apiserver seconds and has no benefit here. */
  stop(): Promise<void>;
}

/**
 * Starts a daemon that dies with us in any case: the kernel kills it (prctl PR_SET_PDEATHSIG, through setpriv of
 * util-linux).
 */
export const startDaemon = (name: string, file: string, args: readonly string[], logFile: string): Daemon => {
  const log = openSync(logFile, 'a');
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', file, ...args], { stdio: ['ignore', log, log] });
  closeSync(log);
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => {
      resolve(`${name} did not start: ${error.message}`);
    });
    child.once('exit', (code, signal) => {
      resolve(`${name} ended ${code === null ? `by ${String(signal)}` : `with exit code ${String(code)}`}`);
    });
  });
  return {
    name,
    pid: child.pid ?? 0,
    logFile,
    ended,
    async stop() {
      child.kill('SIGKILL');
      await ended;
    },
  };
};

/** Returns the last lines of a daemon's output, for error messages. */
export const logTail = async (daemon: Daemon, lines = 15): Promise<string> =>
  (await readFile(daemon.logFile, 'utf8')).trimEnd().split('\n').slice(-lines).join('\n');
