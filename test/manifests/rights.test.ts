import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { PATHS, ROOT } from '../../scripts/manifests/paths.ts';
import { readObjects, readText, renderedChart } from './objects.ts';

/** What the pods of every manifest may do, on the node and at the API server. */

interface Container {
  readonly name: string;
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly volumeMounts?: readonly { readonly name: string; readonly readOnly?: boolean }[];
}

interface PodSpec {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes?: readonly {
    readonly name: string;
    readonly hostPath?: { readonly path: string };
    readonly emptyDir?: { readonly medium?: string };
  }[];
  readonly securityContext?: { readonly seccompProfile?: unknown };
  readonly [field: string]: unknown;
}

interface Rule {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
  readonly verbs: readonly string[];
}

const CHARTS = ['default', 'everything', 'metrics', 'metrics-auth', 'pod-condition', 'pod-monitor', 'pod-monitor-auth'];

const MANIFESTS: readonly (readonly [name: string, text: string])[] = [
  ['manifests/portcullis.yaml', readText(PATHS.rendered)],
  ['manifests/cleanup.yaml', readText(PATHS.cleanup)],
  ...CHARTS.map((values) => [`the chart with ${values}`, renderedChart(values)] as const),
];

const podSpecOf = (text: string): PodSpec => {
  const [set] = readObjects(text).filter(({ kind }) => kind === 'DaemonSet');
  return (set?.spec as { readonly template: { readonly spec: PodSpec } }).template.spec;
};

const LEAST = {
  privileged: false,
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
};
const NETWORK = { drop: ['ALL'], add: ['NET_ADMIN', 'NET_RAW'] };

describe.each(MANIFESTS)('%s', (_, text) => {
  const spec = podSpecOf(text);
  const containers = [...(spec.initContainers ?? []), ...spec.containers];

  test('drops every capability, and takes back the two that rules need', () => {
    expect(containers.length).toBeGreaterThan(0);
    for (const { name, securityContext } of containers) {
      const capabilities = name === 'done' ? { drop: ['ALL'] } : NETWORK;
      expect(securityContext).toMatchObject({ ...LEAST, capabilities });
      expect(securityContext).not.toHaveProperty('procMount');
    }
  });

  test('is confined by seccomp, and shares nothing with the node but its network', () => {
    expect(spec.securityContext?.seccompProfile).toEqual({ type: 'RuntimeDefault' });
    expect([spec['hostPID'], spec['hostIPC'], spec['shareProcessNamespace']]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(spec['hostNetwork']).toBe(true);
  });

  test('sees of the file system of the node the lock to write and the results of the CNI to read', () => {
    const writable = new Set(
      containers.flatMap(({ volumeMounts = [] }) =>
        volumeMounts.filter(({ readOnly }) => readOnly !== true).map(({ name }) => name),
      ),
    );
    const paths = (spec.volumes ?? []).flatMap(({ name, hostPath }) =>
      hostPath === undefined ? [] : [[name, hostPath.path]],
    );
    for (const [name, folder] of paths) {
      expect(name === 'xtables-lock' ? folder : folder?.replace('other-cni', 'cni')).toBe(
        name === 'xtables-lock' ? '/run/xtables.lock' : '/var/lib/cni/results',
      );
    }
    // A folder in memory, for the file that probes read.
    const inMemory = (spec.volumes ?? []).flatMap(({ name, emptyDir }) =>
      emptyDir?.medium === 'Memory' ? [name] : [],
    );
    expect([...writable].filter((name) => !inMemory.includes(name))).toEqual(['xtables-lock']);
    expect(inMemory).toEqual(spec.containers.some(({ name }) => name === 'agent') ? ['health'] : []);
  });
});

/** `| role | group | resources | verbs | why |` of docs/hardening.md, as rules by role. */
const documented = (): ReadonlyMap<string, readonly Rule[]> => {
  const rows = readText(ROOT, 'docs/hardening.md')
    .split('\n')
    .filter((line) => line.startsWith('| `portcullis'))
    .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')));
  const listOf = (cell: string | undefined): readonly string[] => (cell ?? '').split(', ');
  const rules = rows.map(([, role = '', group = '', resources, verbs]): readonly [string, Rule] => [
    role,
    group === 'URL'
      ? { nonResourceURLs: listOf(resources), verbs: listOf(verbs) }
      : { apiGroups: [group === 'core' ? '' : group], resources: listOf(resources), verbs: listOf(verbs) },
  ]);
  return new Map([...Map.groupBy(rules, ([role]) => role)].map(([role, all]) => [role, all.map(([, rule]) => rule)]));
};

const rolesOf = (text: string): ReadonlyMap<string, readonly Rule[]> =>
  new Map(
    readObjects(text)
      .filter(({ kind }) => kind === 'ClusterRole' || kind === 'Role')
      .map((role) => [role.metadata.name, (role as unknown as { readonly rules: readonly Rule[] }).rules]),
  );

interface Probe {
  readonly exec?: { readonly command: readonly string[] };
  readonly periodSeconds: number;
  readonly failureThreshold: number;
}

test('no probe of the agent goes through its listener', () => {
  for (const [name, text] of MANIFESTS) {
    for (const container of podSpecOf(text).containers) {
      const probes = Object.entries(container).filter(([field]) => field.endsWith('Probe'));
      const commands = Object.fromEntries(probes.map(([field, probe]) => [field, (probe as Probe).exec?.command]));
      const expected = {
        startupProbe: ['portcullis-probe', 'started'],
        livenessProbe: ['portcullis-probe', 'live'],
        readinessProbe: ['portcullis-probe', 'ready'],
      };
      expect({ name, commands }).toEqual({ name, commands: container.name === 'agent' ? expected : {} });
    }
  }
});

describe('rights at the API server', () => {
  test('are those that docs/hardening.md lists, and only where they are asked for', () => {
    const listed = documented();
    expect([...listed.keys()]).toEqual([
      'portcullis',
      'portcullis-pod-condition',
      'portcullis-metrics-auth',
      'portcullis-metrics-reader',
    ]);
    for (const [name, text] of MANIFESTS) {
      for (const [role, rules] of rolesOf(text))
        expect({ name, role, rules }).toEqual({ name, role, rules: listed.get(role) });
    }
    expect([...rolesOf(readText(PATHS.rendered)).keys()]).toEqual(['portcullis']);
    expect([...rolesOf(renderedChart('default')).keys()]).toEqual(['portcullis']);
    expect([...rolesOf(renderedChart('everything')).keys()].toSorted()).toEqual([...listed.keys()].toSorted());
    expect([...rolesOf(renderedChart('pod-condition')).keys()]).toEqual(['portcullis', 'portcullis-pod-condition']);
    expect([...rolesOf(readText(PATHS.cleanup)).keys()]).toEqual([]);
  });

  test('name no wildcard, no secret and nothing that runs a program', () => {
    for (const rules of documented().values()) {
      for (const { apiGroups = [], resources = [], nonResourceURLs = [], verbs } of rules) {
        expect([...apiGroups, ...resources, ...nonResourceURLs, ...verbs].filter((word) => word.includes('*'))).toEqual(
          [],
        );
        expect(
          resources.filter((word) => /secrets|exec|token|nodes\/|rolebindings/.test(word) && word !== 'tokenreviews'),
        ).toEqual([]);
      }
    }
  });
});

test('every test that docs/hardening.md names is there', () => {
  const named = readText(ROOT, 'docs/hardening.md').match(/test\/[\w./-]+\.test\.ts/g) ?? [];
  expect(named.length).toBeGreaterThan(10);
  for (const file of named) expect(readText(path.join(ROOT, file))).toContain('expect(');
});
