import { request } from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { ListenAddress } from '../../src/config/listen-address.ts';
import type { Endpoints } from '../../src/telemetry/endpoints.ts';
import { ListenError, serveTelemetry, type TelemetryServer } from '../../src/telemetry/server.ts';

const WELL: Endpoints = {
  metrics: async () => Promise.resolve({ contentType: 'text/plain; version=0.0.4', text: 'portcullis_ready 1\n' }),
  health: () => ({ ok: true, reason: 'ok' }),
  ready: () => ({ ok: true, reason: 'ok' }),
  status: () => ({ node: 'n1', pods: [] }),
};

const opened: TelemetryServer[] = [];

const serve = async (endpoints: Partial<Endpoints> = {}, address: ListenAddress = { host: '127.0.0.1', port: 0 }) => {
  const server = await serveTelemetry(address, { ...WELL, ...endpoints });
  opened.push(server);
  return server;
};

afterEach(async () => {
  await Promise.all(opened.splice(0).map(async (server) => server.close()));
});

const get = async (url: string, method = 'GET') => {
  const response = await fetch(url, { method });
  return { status: response.status, type: response.headers.get('content-type'), body: await response.text() };
};

describe('paths of the server', () => {
  test.each([
    ['/metrics', 'text/plain; version=0.0.4', 'portcullis_ready 1\n'],
    ['/healthz', 'text/plain; charset=utf-8', 'ok\n'],
    ['/readyz?verbose', 'text/plain; charset=utf-8', 'ok\n'],
    ['/status', 'application/json', '{\n  "node": "n1",\n  "pods": []\n}\n'],
  ])('the server answers %s', async (path, type, body) => {
    const { url } = await serve();
    expect(await get(url + path)).toEqual({ status: 200, type, body });
    expect(await get(url + path, 'HEAD')).toEqual({ status: 200, type, body: '' });
  });

  test.each(['/', '/metrics/', '/constructor', '//'])(
    'the server answers 404 for %s, with a list of paths',
    async (path) => {
      const { url } = await serve();
      expect(await get(url + path)).toMatchObject({
        status: 404,
        body: 'not found; try /metrics, /healthz, /readyz, /status\n',
      });
    },
  );

  test('the server accepts no writes', async () => {
    const { url } = await serve();
    expect(await get(`${url}/status`, 'POST')).toMatchObject({ status: 405 });
  });

  test('the server’s health and readiness say why they fail', async () => {
    const { url } = await serve({
      health: () => ({ ok: false, reason: 'the loop has not come round for 40 s' }),
      ready: () => ({ ok: false, reason: 'pods are not listed yet' }),
    });
    expect(await get(`${url}/healthz`)).toMatchObject({ status: 503, body: 'the loop has not come round for 40 s\n' });
    expect(await get(`${url}/readyz`)).toMatchObject({ status: 503, body: 'pods are not listed yet\n' });
  });

  test('a path that fails answers 500, and the others work', async () => {
    const { url } = await serve({
      status: () => {
        throw new Error('no snapshot');
      },
      metrics: async () => Promise.reject(new Error('no registry')),
    });
    expect(await get(`${url}/status`)).toMatchObject({ status: 500, body: 'no snapshot\n' });
    expect(await get(`${url}/metrics`)).toMatchObject({ status: 500, body: 'no registry\n' });
    expect(await get(`${url}/healthz`)).toMatchObject({ status: 200 });
  });

  test('a request target that is not a URL does no harm', async () => {
    const { url } = await serve();
    const status = await new Promise((resolve, reject) => {
      request(url, { path: 'http://[' }, (response) => resolve(response.resume().statusCode))
        .on('error', reject)
        .end();
    });
    expect(status).toBe(404);
    expect(await get(`${url}/healthz`)).toMatchObject({ status: 200 });
  });
});

describe('addresses of the server', () => {
  test('the server listens on an IPv6 address', async () => {
    const { url } = await serve({}, { host: '::1', port: 0 });
    expect(url).toMatch(/^http:\/\/\[::1\]:\d+$/);
    expect(await get(`${url}/healthz`)).toMatchObject({ status: 200 });
  });

  test('the server listens on all addresses of both families', async () => {
    const { url } = await serve({}, { host: undefined, port: 0 });
    const { port } = new URL(url);
    expect(await get(`http://127.0.0.1:${port}/healthz`)).toMatchObject({ status: 200 });
    expect(await get(`http://[::1]:${port}/healthz`)).toMatchObject({ status: 200 });
  });

  test('an address in use is a clear error', async () => {
    const { url } = await serve();
    const { port } = new URL(url);
    const second = serveTelemetry({ host: '127.0.0.1', port: Number(port) }, WELL);
    await expect(second).rejects.toThrow(ListenError);
    await expect(second).rejects.toThrow(
      `cannot listen on 127.0.0.1:${port}: another process listens there; choose another address with --listen`,
    );
  });

  test('an address that this machine does not have is a clear error', async () => {
    await expect(serveTelemetry({ host: '2001:db8::1', port: 1 }, WELL)).rejects.toThrow(
      'cannot listen on [2001:db8::1]:1: no interface has that address',
    );
  });

  test('an address is free again after close, even with kept-alive connections', async () => {
    const first = await serve();
    await get(`${first.url}/healthz`);
    await first.close();
    const port = Number(new URL(first.url).port);
    const again = await serve({}, { host: '127.0.0.1', port });
    expect(await get(`${again.url}/healthz`)).toMatchObject({ status: 200 });
  });
});
