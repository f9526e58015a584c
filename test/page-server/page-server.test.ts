import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type PageServer, startPageServer } from '../../src/page-server/page-server.ts';

const ASSETS = new Map([['/', { type: 'text/html', body: Buffer.from('<p>page</p>') }]]);

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

let server: PageServer;
let links: string[] = [];
let applied: string[] = [];

beforeEach(async () => {
  links = [];
  applied = [];
  server = await startPageServer({
    assets: ASSETS,
    port: 0,
    onLink: (link) => links.push(link),
    actions: {
      apply: (yaml) => {
        applied.push(yaml);
        return Promise.resolve('applied');
      },
      tell: (story, step) => Promise.resolve(`told ${story} ${step}`),
      attempt: () => Promise.reject(new Error('no such pod')),
    },
  });
});

afterEach(() => server.close());

const ask = (
  path: string,
  {
    method = 'GET',
    headers = {},
    body = '',
  }: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const sent = request(
      { host: '127.0.0.1', port: server.port, path, method, headers: { Host: `127.0.0.1:${server.port}`, ...headers } },
      (response) => {
        let text = '';
        const done = (): void => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text });
        response.setEncoding('utf8').on('data', (piece: string) => {
          text += piece;
          // The stream has no end: its first state is the answer here.
          if (path.startsWith('/api/stream') && text.includes('"op":"state"')) {
            done();
            response.destroy();
          }
        });
        response.on('end', done).on('error', () => undefined);
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });

const own = (): string => `http://127.0.0.1:${server.port}`;
const codeOf = (link = ''): string => link.slice(link.indexOf('#code=') + '#code='.length);

const open = (code: string, headers: Record<string, string> = { Origin: own() }): Promise<Answer> =>
  ask('/api/session', { method: 'POST', headers, body: JSON.stringify({ code }) });

const tokenNow = async (): Promise<string> =>
  (JSON.parse((await open(codeOf(links.at(-1)))).body) as { token: string }).token;

describe('the server of the page', () => {
  test('a link is good once, and the next one is printed when it was used', async () => {
    const code = codeOf(links[0]);
    expect((await open(code)).status).toBe(200);
    expect((await open(code)).status).toBe(401);
    expect(links).toHaveLength(2);
    expect((await open(codeOf(links[1]))).status).toBe(200);
  });

  test('the state is sent to who has the token, and to nobody else', async () => {
    server.publish({ title: 'secret', mode: 'folder', observes: false }, []);
    const token = await tokenNow();
    const refused = await Promise.all(
      [
        {},
        { Authorization: 'Bearer x' },
        { Authorization: `Bearer ${'x'.repeat(32)}` },
        { Cookie: `token=${token}` },
      ].map((headers) => ask('/api/stream', { headers })),
    );
    expect(refused.map(({ status, body }) => [status, body.includes('secret')])).toEqual(
      refused.map(() => [401, false]),
    );
    expect((await ask('/api/stream', { headers: { Authorization: `Bearer ${token}` } })).body).toContain('secret');
  });

  test.each([['evil.example'], ['evil.example:80'], ['127.0.0.1'], ['127.0.0.1.evil.example'], ['[::1]:80']])(
    'a name of another server that leads here (%s) gets nothing, not even the page',
    async (host) => {
      const token = await tokenNow();
      for (const path of ['/', '/api/stream']) {
        const { status, body } = await ask(path, { headers: { Host: host, Authorization: `Bearer ${token}` } });
        expect([status, body.includes('page</p>')]).toEqual([421, false]);
      }
    },
  );

  test.each([
    ['another server', { Origin: 'https://evil.example' }],
    ['another port of this machine', { Origin: 'http://127.0.0.1:1' }],
    ['a sandboxed frame', { Origin: 'null' }],
    ['another site, as the browser says', { 'Sec-Fetch-Site': 'cross-site' }],
    ['another port, as the browser says', { 'Sec-Fetch-Site': 'same-site' }],
  ])('a page of %s can neither open a session nor apply anything', async (_, headers) => {
    const token = await tokenNow();
    const code = codeOf(links.at(-1));
    expect((await open(code, headers)).status).toBe(403);
    const posted = await ask('/api/apply', {
      method: 'POST',
      headers: { ...headers, Authorization: `Bearer ${token}` },
      body: '{"yaml":"x"}',
    });
    expect([posted.status, applied]).toEqual([403, []]);
  });

  test('every answer forbids scripts, frames and servers of others', async () => {
    for (const path of ['/', '/nothing', '/api/stream']) {
      const { headers } = await ask(path);
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-store',
        'referrer-policy': 'no-referrer',
      });
      const policy = String(headers['content-security-policy']);
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("script-src 'self';");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toContain('unsafe');
    }
  });

  test.each(['/../package.json', '/%2e%2e/package.json', '//etc/passwd', '/api/../api/nothing'])(
    'no path names a file of the machine: %s',
    async (path) => {
      expect([401, 404]).toContain((await ask(path)).status);
    },
  );

  test('a request that is too large, or no JSON, is refused', async () => {
    const headers = { Origin: own(), Authorization: `Bearer ${await tokenNow()}` };
    const large = JSON.stringify({ yaml: 'x'.repeat(3 << 20) });
    const results = await Promise.all(
      [large, '{', '7', '{"yaml":7}'].map((body) =>
        ask('/api/apply', { method: 'POST', headers, body }).then(
          ({ status }) => status,
          () => 400,
        ),
      ),
    );
    expect([results, applied]).toEqual([[400, 400, 400, 400], []]);
  });

  test('a playground applies what its own page sends, and says why it cannot', async () => {
    const headers = { Origin: own(), Authorization: `Bearer ${await tokenNow()}` };
    expect((await ask('/api/apply', { method: 'POST', headers, body: '{"yaml":"kind: x"}' })).body).toBe(
      '{"message":"applied"}',
    );
    const tried = await ask('/api/try', {
      method: 'POST',
      headers,
      body: '{"source":"a","destination":"b","protocol":"TCP","port":1}',
    });
    expect([tried.status, tried.body, applied]).toEqual([422, '{"message":"no such pod"}', ['kind: x']]);
  });

  test('a server without a playground applies nothing', async () => {
    server.close();
    server = await startPageServer({ assets: ASSETS, port: 0, onLink: (link) => links.push(link) });
    const headers = { Origin: own(), Authorization: `Bearer ${await tokenNow()}` };
    expect((await ask('/api/apply', { method: 'POST', headers, body: '{"yaml":"x"}' })).status).toBe(405);
  });
});
