import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { connectByKubeconfig } from '../../../src/cluster/api/kubeconfig.ts';
import { refusal, watch } from '../../support/apiserver/fake-api.ts';
import { api, pods } from '../api-source/source-bench.ts';
import { added, MINUTE, passUntil, SECOND, start } from './faults-bench.ts';

describe('too many requests', () => {
  test.each([
    ['seconds', '120'],
    ['a date, whatever our own clock says', 'Mon, 01 Jan 2001 00:02:00 GMT'],
  ])('the source waits as long as a Retry-After in %s asks', async (_, value) => {
    const headers = { Date: 'Mon, 01 Jan 2001 00:00:00 GMT', 'Retry-After': value };
    api.script({ watches: [refusal(429, 'too many', headers), watch(added('a', '5'))] });
    await start();
    const waited = await passUntil('the next watch', SECOND, () => pods().length === 1);
    expect(waited).toBeGreaterThanOrEqual(2 * MINUTE);
    expect(waited).toBeLessThan(3 * MINUTE);
  });
});

describe('a token that was replaced', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'portcullis-token-'));
  });

  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  test.each([401, 403])('the source reads its token again when %i answers the old one', async (code) => {
    const token = path.join(folder, 'token');
    const kubeconfig = path.join(folder, 'kubeconfig');
    await writeFile(token, 'old');
    await writeFile(
      kubeconfig,
      JSON.stringify({
        'current-context': 'c',
        contexts: [{ name: 'c', context: { cluster: 'c', user: 'c' } }],
        clusters: [{ name: 'c', cluster: { server: api.connection.server } }],
        users: [{ name: 'c', user: { tokenFile: token } }],
      }),
    );
    api.script({
      watches: [
        (response, request) => {
          const isNew = request.authorization === 'Bearer new';
          (isNew ? watch(added('a', '5')) : refusal(code, 'who?'))(response, request);
        },
      ],
    });
    const starting = start({ connect: () => connectByKubeconfig(kubeconfig) });
    await starting;
    await writeFile(token, 'new');
    // The client reads the file again every minute of the wall clock, which stands still here.
    await passUntil('the new token', 100, () => pods().length === 1);
  });
});
