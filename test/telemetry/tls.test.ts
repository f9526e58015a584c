import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Endpoints } from '../../src/telemetry/endpoints.ts';
import { serveTelemetry, type TelemetryServer } from '../../src/telemetry/server.ts';
import { TlsError } from '../../src/telemetry/tls.ts';
import { type Certificate, selfSigned } from '../support/certificate.ts';
import { waitFor } from '../support/wait-for.ts';

const WELL: Endpoints = {
  metrics: async () => Promise.resolve({ contentType: 'text/plain', text: 'portcullis_ready 1\n' }),
  health: () => ({ ok: true, reason: 'ok' }),
  ready: () => ({ ok: true, reason: 'ok' }),
  status: () => ({}),
};

let folder: string;
let server: TelemetryServer | undefined;
let troubles: (string | undefined)[];

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'portcullis-tls-'));
  troubles = [];
});

afterEach(async () => {
  await server?.close();
  server = undefined;
  await rm(folder, { recursive: true, force: true });
});

const write = async (name: string, text: string): Promise<void> => {
  await writeFile(path.join(folder, `.${name}`), text);
  await rename(path.join(folder, `.${name}`), path.join(folder, name));
};

const writeBoth = async ({ cert, key }: Certificate): Promise<void> => {
  await write('tls.crt', cert);
  await write('tls.key', key);
};

const serve = async (): Promise<string> => {
  const files = { cert: path.join(folder, 'tls.crt'), key: path.join(folder, 'tls.key') };
  const onTrouble = (trouble: string | undefined): void => {
    troubles.push(trouble);
  };
  server = await serveTelemetry({ host: '127.0.0.1', port: 0 }, WELL, { tls: { files, onTrouble, readAgainMs: 20 } });
  return server.url;
};

/** Returns what a client that trusts only this certificate sees. */
const ask = (url: string, { cert }: Certificate): Promise<string> =>
  new Promise((resolve, reject) => {
    get(`${url}/metrics`, { ca: cert, agent: false }, (response) => {
      response.setEncoding('utf8').on('data', resolve).on('error', reject);
    }).on('error', reject);
  });

const answersBy = (url: string, certificate: Certificate): Promise<true | undefined> =>
  ask(url, certificate).then(
    () => true,
    () => undefined,
  );

describe('TLS', () => {
  test('TLS uses the certificate of the files, and nothing else', async () => {
    const certificate = selfSigned('one');
    await writeBoth(certificate);
    const url = await serve();
    expect(url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    expect(await ask(url, certificate)).toBe('portcullis_ready 1\n');
    await expect(fetch(url.replace('https:', 'http:'))).rejects.toThrow();
  });

  test.each(['TLSv1.1', 'TLSv1'] as const)('the server refuses %s', async (version) => {
    const certificate = selfSigned('one');
    await writeBoth(certificate);
    const { port } = new URL(await serve());
    const outcome = await new Promise((resolve) => {
      const socket: TLSSocket = connect(
        {
          port: Number(port),
          host: '127.0.0.1',
          ca: certificate.cert,
          minVersion: version,
          maxVersion: version,
          ciphers: 'DEFAULT@SECLEVEL=0',
        },
        () => resolve(socket.getProtocol()),
      );
      socket.on('error', ({ message }) => resolve(message));
    });
    expect(outcome).toMatch(/protocol version/i);
  });

  test('TLS switches to new files without interruption, and keeps the old pair while the new one does not match', async () => {
    const [first, second] = [selfSigned('one'), selfSigned('two')];
    await writeBoth(first);
    const url = await serve();
    await write('tls.crt', second.cert);
    await waitFor('the trouble to be reported', 10_000, () => Promise.resolve(troubles.length > 0 || undefined));
    expect(troubles).toEqual([expect.stringContaining('tls.crt')]);
    expect(await ask(url, first)).toBe('portcullis_ready 1\n');
    await write('tls.key', second.key);
    await waitFor('the new certificate', 10_000, () => answersBy(url, second));
    expect(troubles).toEqual([expect.any(String), undefined]);
    expect(await answersBy(url, first)).toBeUndefined();
  });

  test('TLS without usable files is a clear error', async () => {
    await expect(serve()).rejects.toThrow(TlsError);
    await write('tls.crt', selfSigned('one').cert);
    await write('tls.key', selfSigned('two').key);
    await expect(serve()).rejects.toThrow(/cannot serve TLS with .*tls\.crt and .*tls\.key: .*; see --tls-cert/);
  });
});
