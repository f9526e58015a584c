import { EventEmitter } from 'node:events';
import { createConnection, Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { limitConnections } from '../../src/telemetry/connection-limit.ts';
import type { Endpoints } from '../../src/telemetry/endpoints.ts';
import { serveTelemetry, type TelemetryServer } from '../../src/telemetry/server.ts';

jest.setTimeout(60_000);

/** More than the buffers of both ends of a connection can hold. */
const [ANSWERS, ANSWER_BYTES] = [20, 2_000_000];

const WELL: Endpoints = {
  metrics: async () => Promise.resolve({ contentType: 'text/plain', text: 'x'.repeat(ANSWER_BYTES) }),
  health: () => ({ ok: true, reason: 'ok' }),
  ready: () => ({ ok: true, reason: 'ok' }),
  status: () => ({}),
};

let server: TelemetryServer;

beforeEach(async () => {
  server = await serveTelemetry({ host: '127.0.0.1', port: 0 }, WELL);
});

afterEach(async () => {
  await server.close();
});

/** Sends text, then `more` every 100 ms, until the server ends the connection. @returns its answer, and the time */
const talk = async (text: string, more?: string): Promise<{ readonly said: string; readonly ms: number }> => {
  const socket = createConnection({ host: '127.0.0.1', port: Number(new URL(server.url).port) });
  const startedAt = performance.now();
  let said = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
  // A client that is disconnected while it still sends may get an error.
  const closed = new Promise<void>(
    (resolve) => void socket.on('error', () => undefined).once('close', () => resolve()),
  );
  socket.write(text);
  const timer = setInterval(() => {
    if (more !== undefined && socket.writable) socket.write(more);
  }, 100);
  await closed;
  clearInterval(timer);
  return { said, ms: performance.now() - startedAt };
};

describe('peers that keep the server waiting', () => {
  test('a peer whose headers never end is disconnected', async () => {
    const { said, ms } = await talk('GET /healthz HTTP/1.1\r\nHost: a\r\n', 'X-Slow: 1\r\n');
    expect(said).toContain('408 Request Timeout');
    expect(ms).toBeLessThan(30_000);
  });

  test('a peer whose body never ends is answered and disconnected', async () => {
    const { said, ms } = await talk('GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n', 'xxxx');
    expect(said).toContain('200 OK');
    expect(said).toContain('Connection: close');
    expect(ms).toBeLessThan(30_000);
  });

  test('a peer with too many headers is refused', async () => {
    const { said } = await talk(`GET /healthz HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`);
    expect(said).toContain('431 Request Header Fields Too Large');
  });

  test('a peer that does not read its answer is disconnected', async () => {
    const socket = createConnection({ host: '127.0.0.1', port: Number(new URL(server.url).port) });
    let received = 0;
    socket.pause().on('data', (piece) => (received += piece.length));
    const closed = new Promise<void>(
      (resolve) => void socket.on('error', () => undefined).once('close', () => resolve()),
    );
    socket.write('GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(ANSWERS));
    await delay(30_000);
    socket.resume();
    await closed;
    expect(received).toBeLessThan((ANSWERS - 1) * ANSWER_BYTES);
  });

  test('a peer with a URL that is too long is refused', async () => {
    const { said } = await talk(`GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: a\r\n\r\n`);
    expect(said).toContain('431');
  });
});

describe('limit of connections', () => {
  const from = (remoteAddress: string): Socket =>
    Object.assign(new EventEmitter(), {
      remoteAddress,
      localAddress: '10.0.0.1',
      destroy: jest.fn(),
    }) as unknown as Socket;

  const limited = (): Server => {
    const listener = new Server();
    limitConnections(listener);
    return listener;
  };

  test('connections from elsewhere leave room for the kubelet, which connects from the node itself', () => {
    const listener = limited();
    const strangers = Array.from({ length: 60 }, (_, at) => from(`10.0.9.${at}`));
    const own = ['10.0.0.1', '127.0.0.1', '::1', '::ffff:10.0.0.1'].map(from);
    for (const socket of [...strangers, ...own]) listener.emit('connection', socket);
    const refused = strangers.filter(({ destroy }) => jest.mocked(destroy).mock.calls.length > 0);
    expect(refused).toEqual(strangers.slice(48));
    for (const { destroy } of own) expect(destroy).not.toHaveBeenCalled();
    expect(listener.maxConnections).toBe(64);
  });

  test('connections that ended make room for others', () => {
    const listener = limited();
    const first = Array.from({ length: 48 }, () => from('10.0.9.1'));
    for (const socket of first) listener.emit('connection', socket);
    first[0]?.emit('close');
    const [next, tooMany] = [from('10.0.9.2'), from('10.0.9.3')];
    listener.emit('connection', next);
    listener.emit('connection', tooMany);
    expect(next.destroy).not.toHaveBeenCalled();
    expect(tooMany.destroy).toHaveBeenCalledTimes(1);
  });
});
