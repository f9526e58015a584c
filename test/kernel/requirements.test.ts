import { chmod, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createCommandRunner } from '../../src/kernel/command.ts';
import { inNetns } from '../../src/lab/batch.ts';
import { startProcess } from '../../src/lab/process.ts';
import { cleanUp, removeFolder } from '../support/clean-up.ts';
import { lacking, NO_EXTENSION, NO_IPTABLES } from '../support/faults/failing-tool.ts';
import { openPacketFilter, type PacketFilter } from './packet-filter.ts';

/** The built agent without something that every policy needs: it reports that and ends, and the rules stay. */

const PORTCULLIS = path.join(import.meta.dirname, '../../bin/portcullis');

/** Maximum time from the start until the reason is reported. */
const TOLD_WITHIN_MS = 5_000;
const DEADLINE_MS = 60_000;

const MANIFESTS = `
apiVersion: v1
kind: Pod
metadata: { name: web, namespace: shop, labels: { app: web } }
spec: { nodeName: n1, containers: [{ name: web, image: web }] }
status: { podIP: 10.0.0.5 }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: none, namespace: shop }
spec: { podSelector: {} }
`;

/** Runs the rest of the line with a /dev of its own that has the file which the kubelet makes. */
const withTerminationLog = (file: string, aside: string): readonly string[] => [
  'unshare',
  '--mount',
  'sh',
  '-e',
  '-c',
  `mkdir ${aside}
mount --rbind /dev ${aside}
mount -t tmpfs tmpfs /dev
for device in null zero random urandom; do touch /dev/$device; mount --bind ${aside}/$device /dev/$device; done
ln -s /proc/self/fd /dev/fd
touch /dev/termination-log
mount --bind ${file} /dev/termination-log
exec "$@"`,
  'sh',
];

interface Case {
  readonly what: string;
  readonly tools: Readonly<Record<string, string>>;
  readonly told: RegExp;
}

const both = (script: string): Case['tools'] => ({
  'iptables-nft-restore': script,
  'ip6tables-nft-restore': script,
});

const CASES: readonly Case[] = [
  {
    what: 'ip_set',
    tools: { ipset: '#!/bin/sh\necho "ipset v7.17: Cannot open session to kernel." >&2\nexit 1\n' },
    told: /missing: ip_set/,
  },
  {
    what: 'a type of set that every program has',
    tools: { ipset: lacking('ipset v7.17: Kernel error received: set type not supported', 'hash:ip family') },
    told: /missing: ip_set_hash_ip \(hash:ip\)/,
  },
  { what: 'xt_set', tools: both(lacking(NO_EXTENSION, '--match-set')), told: /missing: xt_set/ },
  {
    what: 'xt_conntrack',
    tools: both(lacking("iptables-restore: Couldn't load match conntrack: No such file or directory", '--ctstate')),
    told: /missing: xt_conntrack/,
  },
  {
    what: 'nft_compat',
    tools: both(lacking(NO_EXTENSION, '--match-set', '--ctstate')),
    told: /missing: nft_compat/,
  },
  {
    what: 'every iptables',
    tools: NO_IPTABLES,
    told: /no backend of iptables can be used: .*do you need to insmod/,
  },
];

describe('an agent on a node that lacks what every policy needs', () => {
  let filter: PacketFilter;
  let folder: string;

  beforeEach(async () => {
    filter = await openPacketFilter('nft');
    folder = await mkdtemp(path.join(tmpdir(), 'portcullis-lacking-'));
    await mkdir(path.join(folder, 'state'));
    await mkdir(path.join(folder, 'bin'));
    await writeFile(path.join(folder, 'state', 'all.yaml'), MANIFESTS);
  });

  afterEach(() =>
    cleanUp(
      () => filter.close(),
      () => removeFolder(folder),
    ),
  );

  test.each(CASES)(
    'the agent names what is missing within 5 s, ends with a message, and leaves the rules: $what',
    async ({ tools, told }) => {
      await createCommandRunner(inNetns(filter.name)).run('nft', ['-f', '-'], { input: 'add table ip kept\n' });
      for (const [tool, script] of Object.entries(tools)) {
        await writeFile(path.join(folder, 'bin', tool), script);
        await chmod(path.join(folder, 'bin', tool), 0o755);
      }
      const lastWords = path.join(folder, 'termination-log');
      await writeFile(lastWords, '');
      const log: string[] = [];
      const [file, ...args] = [
        ...withTerminationLog(lastWords, path.join(folder, 'dev')),
        ...inNetns(filter.name),
        PORTCULLIS,
        'agent',
        `--manifests=${path.join(folder, 'state')}`,
        '--node-name=n1',
        '--iptables-backend=auto',
        '--log-format=text',
      ] as const;
      const agent = await startProcess(file, args, {
        env: { PATH: `${path.join(folder, 'bin')}:${process.env['PATH'] ?? ''}` },
        output: (line) => log.push(line),
      });
      const late = setTimeout(() => void agent.stop(), DEADLINE_MS);
      const { code } = await agent.ended;
      clearTimeout(late);
      expect({ code, log: code === 1 ? [] : log }).toEqual({ code: 1, log: [] });
      expect(await readFile(lastWords, 'utf8')).toMatch(told);
      expect(log.join('\n')).toMatch(
        told.source.startsWith('missing') ? /no policy can be enforced on this node/ : told,
      );
      const at = (pattern: RegExp): number => Date.parse(log.find((line) => pattern.test(line))?.split(' ')[0] ?? '');
      const took = at(/no policy can be enforced/) - at(/agent started/);
      // If no iptables works at all, nothing has started.
      expect(Number.isNaN(took) ? 0 : took).toBeLessThan(TOLD_WITHIN_MS);
      expect(log.join('\n')).not.toContain('policy is in force');
      const rules = await createCommandRunner(inNetns(filter.name)).run('nft', ['list', 'tables']);
      expect(rules).toContain('table ip kept');
    },
  );
});
