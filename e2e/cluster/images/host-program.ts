import { realpath } from 'node:fs/promises';
import type { CommandRunner } from '../../../src/kernel/command.ts';

/**
 * Returns the files in ldd(1)'s output: `libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x…)` and
 * `/lib64/ld-linux-x86-64.so.2 (0x…)`.
 */
export const parseLdd = (text: string): readonly string[] =>
  text.split('\n').flatMap((line) => {
    const [, file] = /(?:^|=>)\s*(\/\S+) \(0x/.exec(line) ?? [];
    return file === undefined ? [] : [file];
  });

/** Returns a program of this machine and its libraries, by path in an image. */
export const hostProgram = async (runner: CommandRunner, file: string): Promise<ReadonlyMap<string, string>> => {
  const libraries = parseLdd(await runner.run('ldd', [file]));
  const files = await Promise.all([file, ...libraries].map(async (at) => [at, await realpath(at)] as const));
  return new Map(files);
};
