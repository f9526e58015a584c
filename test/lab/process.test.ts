import { describe, expect, test } from '@jest/globals';
import { startProcess } from '../../src/lab/process.ts';

describe('a running process', () => {
  test('a running process delivers its lines and its exit code', async () => {
    const lines: string[] = [];
    const child = await startProcess('sh', ['-c', 'echo one; echo "$GREETING" >&2; exit 3'], {
      env: { GREETING: 'two' },
      output: (line) => lines.push(line),
    });
    expect(await child.ended).toEqual({ code: 3 });
    expect(lines.toSorted()).toEqual(['one', 'two']);
  });

  test('a running process ends by SIGTERM, or by SIGKILL if it ignores that', async () => {
    const willing = await startProcess('sleep', ['60']);
    expect(await willing.stop()).toEqual({ code: 128 + 15 });
    const { promise: deaf, resolve: output } = Promise.withResolvers<string>();
    const stubborn = await startProcess('sh', ['-c', 'trap "" TERM; echo deaf; while :; do sleep 0.1; done'], {
      output,
    });
    await deaf;
    expect(await stubborn.stop(50)).toEqual({ code: 128 + 9 });
  });

  test('a process that cannot start is an error', async () => {
    await expect(startProcess('/nonexistent', [])).rejects.toThrow('ENOENT');
  });
});
