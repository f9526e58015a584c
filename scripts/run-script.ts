import { spawn } from 'node:child_process';
import path from 'node:path';

/** Runs another script of this folder with our terminal. @returns its exit code, 1 if a signal ended it */
export const runScript = async (name: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [path.join(import.meta.dirname, name)], { stdio: 'inherit' });
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
