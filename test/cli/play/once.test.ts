import { describe, expect, test } from '@jest/globals';
import { createJudge } from '../../../src/cli/play/judge.ts';
import { expectAll } from '../../../src/cli/play/measure.ts';
import { printOnce } from '../../../src/cli/play/once.ts';
import { plain } from '../../../src/cli/play/paint.ts';
import type { Picture } from '../../../src/cli/play/picture.ts';
import type { Reading } from '../../../src/cli/play/reading.ts';
import type { Screen } from '../../../src/cli/play/screen.ts';
import { podOf, worldOf } from './small-world.ts';

const WORLD = worldOf([podOf('web', '10.244.1.2'), podOf('db', '10.244.1.3', [{ protocol: 'TCP', port: 5432 }])], {
  deny: { podSelector: {}, policyTypes: ['Ingress'] },
});

const pictureOf = (measured: Reading['measured'], warnings: readonly string[] = []): Picture => ({
  world: WORLD,
  readings: expectAll(WORLD, createJudge(WORLD)).map((reading) => ({ ...reading, measured })),
  problems: [],
  warnings,
});

const print = (picture: Picture, output: 'text' | 'json' = 'text', why?: true) => {
  let out = '';
  const take = (text: string): void => void (out += text);
  const screen: Screen = { out: take, terminal: false, width: () => 120, height: () => 24, paint: plain };
  const code = printOnce(picture, { output, ...(why && { why }) }, screen, { env: {}, out: take, err: take });
  return { code, out };
};

describe('picture of play --once', () => {
  test('a picture of a kernel that agrees with the policies ends with 0', () => {
    expect(print(pictureOf('timeout'), 'text', true)).toEqual({
      code: 0,
      out: `\
2 pods on 1 node, 1 network policy

           shop
           db
           TCP 5432
shop/db    –
shop/web   ✗

✗ times out   – itself

Why:
  shop/web → shop/db TCP 5432 times out: denied: ingress of shop/db is isolated by shop/deny; nearest: shop/deny has no ingress rules
`,
    });
  });

  test('a picture of a kernel that disagrees says so and ends with 1', () => {
    const { code, out } = print(pictureOf('open'));
    expect(code).toBe(1);
    expect(out).toContain('shop/web   ✓!\n');
    expect(out).toContain(`\
THE KERNEL DISAGREES with the policies:
  shop/web → shop/db TCP 5432 connects, but the policies say deny: denied: ingress of shop/db is isolated by shop/deny`);
  });

  test('a picture with warnings ends with 1', () => {
    const { code, out } = print(pictureOf('timeout', ['shop/db cannot serve TCP 5432: EACCES']));
    expect(code).toBe(1);
    expect(out).toContain('Warnings:\n  shop/db cannot serve TCP 5432: EACCES\n');
  });

  test('a picture is plain data for programs', () => {
    const { code, out } = print(pictureOf('open'), 'json');
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      policies: ['shop/deny'],
      readings: [{ from: 'shop/web', to: 'shop/db', protocol: 'TCP', port: 5432, measured: 'open', expected: 'deny' }],
      disagreements: 1,
    });
  });
});
