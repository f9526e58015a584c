import { randomUUID } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createCommandRunner } from '../../src/kernel/command.ts';
import { inNetns } from '../../src/lab/batch.ts';
import { type RunningProcess, startProcess } from '../../src/lab/process.ts';
import { prepareSandbox } from '../../src/lab/sandbox.ts';
import { waitFor } from '../support/wait-for.ts';
import { cleanUp, removeFolder } from '../support/clean-up.ts';

/** The sockets that the built agent opens: its network namespace has no other process. */

const PORTCULLIS = path.join(import.meta.dirname, '../../bin/portcullis');
const DEADLINE_MS = 60_000;
const LISTEN = '0A';

const outside = createCommandRunner();

describe('the agent', () => {
  let folder: string;
  let namespace: string;
  let agent: RunningProcess | undefined;

  const run = (file: string, ...args: string[]): Promise<string> =>
    createCommandRunner(inNetns(namespace)).run(file, args);

  const start = async (...flags: readonly string[]): Promise<void> => {
    const common = ['--node-name=n1', '--iptables-backend=nft', '--drift-interval=100ms', `--manifests=${folder}`];
    const [file, ...args] = [...inNetns(namespace), PORTCULLIS, 'agent', ...common, ...flags] as const;
    const log: string[] = [];
    agent = await startProcess(file, args, { output: (line) => log.push(line) });
    const rules = (): Promise<true | undefined> =>
      run('iptables-nft-save', '-t', 'security').then((text) => text.includes('PORTCULLIS-FORWARD') || undefined);
    await waitFor('the rules', DEADLINE_MS, rules, () => log.join('\n'));
  };

  /** Local addresses in the kernel's format (proc(5), /proc/net/tcp): hexadecimal, of sockets in a state. */
  const sockets = async (table: string, state?: string): Promise<readonly string[]> =>
    (await run('cat', `/proc/net/${table}`))
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields.length > 3 && (state === undefined || fields[3] === state))
      .map((fields) => fields[1] ?? '');

  /** Returns every socket that receives what others send. */
  const open = async (): Promise<Readonly<Record<string, readonly string[]>>> => {
    // By its abstract name, which only processes of this namespace see, an agent detects another one.
    const unix = (await run('cat', '/proc/net/unix'))
      .split('\n')
      .filter((line) => line.includes(' 00010000 ') && !line.endsWith(' @portcullis.agent'));
    return {
      tcp: await sockets('tcp', LISTEN),
      tcp6: await sockets('tcp6', LISTEN),
      udp: await sockets('udp'),
      udp6: await sockets('udp6'),
      raw: await sockets('raw'),
      raw6: await sockets('raw6'),
      packet: (await run('cat', '/proc/net/packet')).trim().split('\n').slice(1),
      unix,
    };
  };

  const NOTHING = { tcp: [], tcp6: [], udp: [], udp6: [], raw: [], raw6: [], packet: [], unix: [] };

  beforeEach(async () => {
    await prepareSandbox(outside);
    namespace = `listening-${randomUUID()}`;
    folder = await mkdtemp(path.join(tmpdir(), 'portcullis-listening-'));
    await outside.run('ip', ['netns', 'add', namespace]);
    await run('ip', 'link', 'set', 'lo', 'up');
  });

  afterEach(async () => {
    await cleanUp(
      () => agent?.stop(),
      () => outside.run('ip', ['netns', 'del', namespace]),
      () => removeFolder(folder),
    );
    agent = undefined;
  });

  test('the agent listens on loopback for metrics and health, and nowhere else', async () => {
    await start();
    // 127.0.0.1:9577
    expect(await open()).toEqual({ ...NOTHING, tcp: ['0100007F:2569'] });
  });

  test('the agent listens on the configured address, and nowhere else', async () => {
    await start('--listen=[::1]:80');
    expect(await open()).toEqual({ ...NOTHING, tcp6: ['00000000000000000000000001000000:0050'] });
  });

  test('the agent can be configured not to listen', async () => {
    await start('--listen=0');
    expect(await open()).toEqual(NOTHING);
  });
});
