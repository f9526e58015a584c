import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createManifestSource, type ManifestSource } from '../../src/cluster/manifest-source.ts';
import type { ClusterChange } from '../../src/model/cluster-change.ts';
import { createSystemClock } from '../../src/kernel/clock.ts';
import { waitFor } from '../support/wait-for.ts';

let folder = '';
let source: ManifestSource | undefined;
let changes: ClusterChange[] = [];

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'portcullis-source-'));
  changes = [];
});

afterEach(async () => {
  await source?.stop();
  await rm(folder, { recursive: true, force: true });
});

const policy = (name: string, spec = '{podSelector: {}}'): string =>
  `{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: ${name}}, spec: ${spec}}\n`;
const pod = (name: string, labels = '{}'): string =>
  `{apiVersion: v1, kind: Pod, metadata: {name: ${name}, labels: ${labels}}}\n`;

const write = (file: string, text: string): Promise<void> => writeFile(path.join(folder, file), text);

const start = (settings: Partial<Parameters<typeof createManifestSource>[0]> = {}): ManifestSource => {
  source = createManifestSource({ paths: [folder], clock: createSystemClock(), ...settings });
  source.start((change) => changes.push(change));
  return source;
};

const until = async (what: string, holds: () => boolean): Promise<void> => {
  const state = (): string => JSON.stringify([source?.status().pods, [...(source?.snapshot().policies.keys() ?? [])]]);
  await waitFor(what, 10_000, () => Promise.resolve(holds() || undefined), state);
};

const synced = async (settings: Parameters<typeof start>[0] = {}): Promise<ManifestSource> => {
  const started = start(settings);
  await until('the first look', () => started.hasSynced());
  return started;
};

const policies = (): string[] => [...(source?.snapshot().policies.keys() ?? [])].sort();
const trouble = (): string | undefined => source?.status().networkpolicies.trouble;

describe('first scan of a manifest source', () => {
  test('the first scan delivers everything, and then the source is synced', async () => {
    await write('a.yaml', `${policy('p')}---\n${pod('web')}`);
    const { snapshot, status } = await synced();
    expect(changes).toEqual([
      { kind: 'namespaces', key: 'default' },
      { kind: 'pods', key: 'default/web' },
      { kind: 'networkpolicies', key: 'default/p' },
    ]);
    expect(snapshot().policies.size).toBe(1);
    expect(status().pods).toMatchObject({ synced: true, resourceVersion: '', trouble: undefined, restarts: 0 });
  });

  test('an empty folder is an empty cluster', async () => {
    const { snapshot } = await synced();
    expect(snapshot().pods.size).toBe(0);
  });

  test('the source is not synced until its folder exists', async () => {
    const later = path.join(folder, 'later');
    const { hasSynced } = start({ paths: [later] });
    await until('trouble', () => trouble() !== undefined);
    expect(trouble()).toBe(`${later}:1:1: there is no such file or folder`);
    expect(hasSynced()).toBe(false);
    await mkdir(later);
    await until('the folder', hasSynced);
    expect(trouble()).toBeUndefined();
  });
});

describe('changes of a manifest source', () => {
  test('the source follows a file that is added, changed and deleted', async () => {
    await synced();
    await write('a.yaml', policy('p'));
    await until('the policy', () => policies().length === 1);
    changes = [];
    await write('a.yaml', policy('p', '{podSelector: {}, ingress: [{}]}'));
    await until('the change', () => changes.length === 1);
    await rm(path.join(folder, 'a.yaml'));
    await until('its end', () => policies().length === 0);
    expect(changes.filter(({ kind }) => kind === 'networkpolicies')).toEqual([
      { kind: 'networkpolicies', key: 'default/p' },
      { kind: 'networkpolicies', key: 'default/p' },
    ]);
  });

  test('the source never misses a file that an editor replaces by rename', async () => {
    await write('a.yaml', policy('p'));
    await synced();
    changes = [];
    const seen = new Set<number>();
    for (const round of [1, 2, 3]) {
      await rename(path.join(folder, 'a.yaml'), path.join(folder, 'a.yaml~'));
      await write('.new', policy('p', `{podSelector: {}, egress: [{ports: [{port: ${round}}]}]}`));
      await rename(path.join(folder, '.new'), path.join(folder, 'a.yaml'));
      await until(`round ${round}`, () => {
        seen.add(policies().length);
        return changes.length === round;
      });
    }
    expect([...seen]).toEqual([1]);
  });

  test('the source follows a folder that is created later', async () => {
    await synced();
    await mkdir(path.join(folder, 'sub'));
    await write('sub/a.yaml', policy('p'));
    await until('the policy', () => policies().length === 1);
    await write('sub/a.yaml', policy('q'));
    await until('the other policy', () => policies()[0] === 'default/q');
    await rm(path.join(folder, 'sub'), { recursive: true });
    await until('the end', () => policies().length === 0);
  });

  test('an equal file is no change', async () => {
    await write('a.yaml', policy('p'));
    await synced();
    changes = [];
    await write('a.yaml', `# now with a comment\n${policy('p')}`);
    await write('b.yaml', policy('q'));
    await until('the other policy', () => policies().length === 2);
    expect(changes).toEqual([{ kind: 'networkpolicies', key: 'default/q' }]);
  });
});

describe('files that become invalid', () => {
  test('a file that becomes invalid keeps its last valid content, and the trouble says why', async () => {
    await write('a.yaml', `${policy('p')}---\n${policy('q')}`);
    await synced();
    await write('a.yaml', `${policy('p', '{podSelector: {}, ingress: [{}]}')}---\n\tkind: oops\n`);
    await until('trouble', () => trouble() !== undefined);
    expect(trouble()).toMatch(/a\.yaml:3:1: a tab cannot indent YAML; use spaces/);
    expect(policies()).toEqual(['default/p', 'default/q']);
    await write('a.yaml', policy('p'));
    await until('it to be good again', () => trouble() === undefined);
    expect(policies()).toEqual(['default/p']);
  });

  test('an object that becomes invalid keeps its last valid version', async () => {
    await write('a.yaml', pod('web', '{app: web}'));
    const { snapshot } = await synced();
    await write('a.yaml', pod('web', '{app: web, version: 1}'));
    await until('trouble', () => trouble() !== undefined);
    expect(snapshot().pods.get('default/web')?.labels).toEqual(new Map([['app', 'web']]));
  });

  test('an invalid file does not hide a change in another file', async () => {
    await write('a.yaml', policy('p'));
    await synced();
    await write('a.yaml', '[');
    await write('b.yaml', policy('q'));
    await until('the other policy', () => policies().length === 2);
  });

  test('the state stays when the folder itself is deleted', async () => {
    await write('a.yaml', policy('p'));
    await synced();
    await rename(folder, `${folder}.away`);
    await until('trouble', () => trouble() !== undefined);
    expect(policies()).toEqual(['default/p']);
    await rename(`${folder}.away`, folder);
    await until('the folder', () => trouble() === undefined);
    expect(policies()).toEqual(['default/p']);
  });
});

describe('completing manifests', () => {
  test('the caller completes manifests, and gets its former result', async () => {
    await write('a.yaml', pod('web'));
    const before: number[] = [];
    const { snapshot, manifests } = await synced({
      complete(loaded, previous) {
        before.push(previous.pods.size);
        return {
          ...loaded,
          pods: new Map([...loaded.pods].map(([uid, each]) => [uid, { ...each, ips: ['10.0.0.9'] }])),
        };
      },
    });
    expect(snapshot().pods.get('default/web')?.ips).toEqual(['10.0.0.9']);
    expect(manifests()?.snapshot.pods.get('default/web')?.ips).toEqual(['10.0.0.9']);
    await write('b.yaml', pod('db'));
    await until('the other pod', () => snapshot().pods.size === 2);
    expect(before).toEqual([0, 1]);
  });

  test('a failure to complete leaves the state as it was, and is reported', async () => {
    await write('a.yaml', policy('p'));
    await synced({
      complete(loaded) {
        if (loaded.pods.size > 0) throw new RangeError('no address left');
        return loaded;
      },
    });
    await write('b.yaml', pod('web'));
    await until('trouble', () => trouble() === 'no address left');
    expect(policies()).toEqual(['default/p']);
  });
});
