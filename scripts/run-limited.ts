import { spawn } from 'node:child_process';

/**
 * Runs a program with our terminal. When `abort` fires, ends it and its whole process group by SIGKILL.
 * @returns its exit code, 1 if a signal ended it
 */
export const runLimited = async (file: string, args: readonly string[], abort: AbortSignal): Promise<number> =>
  new Promise((resolve, reject) => {
    if (abort.aborted) {
      resolve(1);
      return;
    }
    // A process group of its own.
    const child = spawn(file, args, { stdio: ['ignore', 'inherit', 'inherit'], detached: true });
    const end = (): void => {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It has just ended by itself.
      }
    };
    abort.addEventListener('abort', end, { once: true });
    child.on('error', reject);
    child.on('exit', (code) => {
      abort.removeEventListener('abort', end);
      resolve(code ?? 1);
    });
  });
