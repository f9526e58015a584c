import { cp, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { DEADLINE_MS, runPlay } from './run-play.ts';
import { removeFolder } from '../../../support/clean-up.ts';

jest.setTimeout(2 * DEADLINE_MS);

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'portcullis-story-'));
  await cp(path.join(import.meta.dirname, 'story'), folder, { recursive: true });
});

afterEach(async () => {
  await removeFolder(folder);
});

const rewrite = async (what: string, by: string): Promise<void> => {
  const file = path.join(folder, 'story.yaml');
  await writeFile(file, (await readFile(file, 'utf8')).replace(what, by));
};

describe('a story', () => {
  test('play runs a story step by step, with the reason of each verdict', async () => {
    const { code, text } = await runPlay('--story', folder);
    const told = text
      .replace(/━+/g, '━')
      .replaceAll(/after \d+ ms/g, 'after N ms')
      .replace(/\([\d.]+ s\)/, '(N s)');
    expect(told).toBe(`\
Each curl really runs, in its pod's network namespace, and gives up connecting after 1 s.

━ A small story ━

Two pods.

2 pods on 2 nodes, 0 network policies

1. Both are open.
   shop/dns $ curl http://web.shop:8080            HTTP 200 from shop/web  ✓ as told
     - open: no policy isolates egress of shop/dns, no policy isolates ingress of shop/web
   shop/web $ (UDP echo) 10.244.1.2:53 (shop/dns)  the datagram came back  ✓ as told
     - open: no policy isolates egress of shop/web, no policy isolates ingress of shop/dns

2. Both are closed.
   $ kubectl apply -f policies/deny.yaml
   networkpolicy shop/deny created
   in force on every node after N ms

   shop/dns $ curl http://web.shop:8080            curl: (28) timed out   ✓ as told
     - denied: ingress of shop/web is isolated by shop/deny; nearest: shop/deny has no ingress rules
   shop/web $ (UDP echo) 10.244.1.2:53 (shop/dns)  no datagram came back  ✓ as told
     - denied: ingress of shop/dns is isolated by shop/deny; nearest: shop/deny has no ingress rules

3. Open again.
   $ kubectl delete -f policies/deny.yaml
   networkpolicy shop/deny deleted
   in force on every node after N ms

   shop/dns $ curl http://10.244.2.2 (shop/web)  HTTP 200 from shop/web  ✓ as told
     - open: no policy isolates egress of shop/dns, no policy isolates ingress of shop/web

1 story, 5 connections: all ended as told, and as the policies say (N s)
`);
    expect(code).toBe(0);
  });

  test('play reports a story whose expectation fails, with its place', async () => {
    await rewrite('port: 8080, expect: answers', 'port: 8080, expect: times out');
    const { code, text } = await runPlay('--story', folder);
    expect(code).toBe(1);
    expect(text).toContain('✗ NOT AS TOLD: the story says that it times out');
    expect(text).toContain('1 story, 5 connections: 1 did NOT end as told');
    expect(text).toMatch(/story\.yaml:8:9: shop\/dns \$ curl .*: HTTP 200 from shop\/web; told: it times out\n/);
  });

  test.each([
    ['from: shop/dns', 'from: shop/nobody', 'from: there is no pod or machine outside called shop/nobody'],
    ['to: web.shop', 'to: nobody.shop', 'to: there is no pod, Service or machine outside called nobody.shop'],
    ['port: 8080', 'port: 81', 'port: nothing stands behind TCP 81 of Service web.shop'],
  ])('play refuses a story in which %s becomes %s', async (good, bad, message) => {
    await rewrite(good, bad);
    const { code, text } = await runPlay('--story', folder);
    expect(code).toBe(1);
    expect(text).toContain(`story.yaml:8:9: ${message}`);
  });
});
