import { realpath } from 'node:fs/promises';
import type { CommandRunner } from '../../../src/kernel/command.ts';

/** The files that ldd(1) names: `libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x…)` and `/lib64/ld-linux-x86-64.so.2 (0x…)`. */
export const parseLdd = (text: string): readonly string[] =>
  text.split('\n').flatMap((line) => {
    const [, file] = /(?:^|=>)\s*(\/\S+) \(0x/.exec(line) ?? [];
    return file === undefined ? [] : [file];
  });

/** A program of this machine with the libraries it is linked to, as an image's files: path in the image → file. */
export const hostProgram = async (runner: CommandRunner, file: string): Promise<ReadonlyMap<string, string>> => {
  const libraries = parseLdd(await runner.run('ldd', [file]));
  const files = await Promise.all([file, ...libraries].map(async (at) => [at, await realpath(at)] as const));
  return new Map(files);
};
