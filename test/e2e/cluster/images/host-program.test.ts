import { expect, test } from '@jest/globals';
import { parseLdd } from '../../../../e2e/cluster/images/host-program.ts';

test('of ldd’s output the files are taken, and the kernel’s own object is not', () => {
  const text = `\tlinux-vdso.so.1 (0x00007ffd4d7f5000)
\tlibz.so.1 => /lib/x86_64-linux-gnu/libz.so.1 (0x00007f0a5f1c8000)
\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f0a5efe7000)
\t/lib64/ld-linux-x86-64.so.2 (0x00007f0a5f3a2000)
`;
  expect(parseLdd(text)).toEqual([
    '/lib/x86_64-linux-gnu/libz.so.1',
    '/lib/x86_64-linux-gnu/libc.so.6',
    '/lib64/ld-linux-x86-64.so.2',
  ]);
});
