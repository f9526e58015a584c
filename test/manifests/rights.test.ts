import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { PATHS, ROOT } from '../../scripts/manifests/paths.ts';
import { readObjects, readText, renderedChart } from './objects.ts';

/** The rights of every manifest's pods, on the node and at the API server. */

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
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
  readonly verbs: readonly string[];
}

const CHARTS = [
  'default',
  'everything',
  'metrics',
  'metrics-auth',
  'pod-condition',
  'pod-monitor',
  'pod-monitor-auth',
  'cni-plugin',
  'leases',
  'controller',
  'startup-taint',
];

const MANIFESTS: readonly (readonly [name: string, text: string])[] = [
  ['manifests/portcullis.yaml', readText(PATHS.rendered)],
  ['manifests/cleanup.yaml', readText(PATHS.cleanup)],
  ...CHARTS.map((values) => [`the chart with ${values}`, renderedChart(values)] as const),
];

const CNI_PLUGIN = 'portcullis-cni-plugin';

/** @param name name of the DaemonSet; the one beside the CNI plugin's if absent */
const podSpecOf = (text: string, name?: string): PodSpec => {
  const sets = readObjects(text).filter(({ kind }) => kind === 'DaemonSet');
  const set = sets.find(({ metadata }) => (name === undefined ? metadata.name !== CNI_PLUGIN : metadata.name === name));
  return (set?.spec as { readonly template: { readonly spec: PodSpec } }).template.spec;
};

const LEAST = {
  privileged: false,
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
};
const NETWORK = { drop: ['ALL'], add: ['NET_ADMIN', 'NET_RAW'] };
/** For folders of another user. */
const FILES = { drop: ['ALL'], add: ['DAC_OVERRIDE'] };
const CAPABILITIES: Readonly<Record<string, object>> = { done: { drop: ['ALL'] }, 'cni-plugin': FILES, install: FILES };
/** Writable mounts of the node's own folders. */
const WRITABLE: Readonly<Record<string, string>> = {
  'xtables-lock': '/run/xtables.lock',
  'cni-socket': '/run/portcullis',
  'cni-conf': '/etc/cni/net.d',
  'cni-bin': '/opt/cni/bin',
};

describe.each(MANIFESTS)('%s', (_, text) => {
  const spec = podSpecOf(text);
  const containers = [...(spec.initContainers ?? []), ...spec.containers];

  test('the agent’s container drops every capability, and adds the two that rules need', () => {
    expect(containers.length).toBeGreaterThan(0);
    for (const { name, securityContext } of containers) {
      const capabilities = CAPABILITIES[name] ?? NETWORK;
      expect(securityContext).toMatchObject({ ...LEAST, capabilities });
      expect(securityContext).not.toHaveProperty('procMount');
    }
  });

  test('the agent’s container is confined by seccomp, and shares only the network with the node', () => {
    expect(spec.securityContext?.seccompProfile).toEqual({ type: 'RuntimeDefault' });
    expect([spec['hostPID'], spec['hostIPC'], spec['shareProcessNamespace']]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(spec['hostNetwork']).toBe(true);
  });

  test('the agent’s container sees only its lock, CNI results and the plugin of the node’s files', () => {
    const writable = new Set(
      containers.flatMap(({ volumeMounts = [] }) =>
        volumeMounts.filter(({ readOnly }) => readOnly !== true).map(({ name }) => name),
      ),
    );
    const paths = (spec.volumes ?? []).flatMap(({ name, hostPath }) =>
      hostPath === undefined ? [] : [[name, hostPath.path]],
    );
    for (const [name, folder] of paths) {
      expect(folder?.replace('other-cni', 'cni')).toBe(WRITABLE[name ?? ''] ?? '/var/lib/cni/results');
    }
    // A folder in memory, for the file that probes read.
    const inMemory = (spec.volumes ?? []).flatMap(({ name, emptyDir }) =>
      emptyDir?.medium === 'Memory' ? [name] : [],
    );
    const hasPlugin = text.includes('portcullis-cni');
    const isAgent = spec.containers.some(({ name }) => name === 'agent');
    const ofPlugin = isAgent ? ['cni-socket'] : ['cni-conf', 'cni-bin'];
    expect([...writable].filter((name) => !inMemory.includes(name)).toSorted()).toEqual(
      [...(isAgent ? ['records'] : []), 'xtables-lock', ...(hasPlugin ? ofPlugin : [])].toSorted(),
    );
    expect(inMemory).toEqual(isAgent ? ['health'] : []);
  });
});

test('the container that installs the CNI plugin writes two folders of the node, and has no rights over its network', () => {
  const spec = podSpecOf(renderedChart('cni-plugin'), CNI_PLUGIN);
  expect(spec.containers).toHaveLength(1);
  for (const { securityContext } of spec.containers)
    expect(securityContext).toMatchObject({ ...LEAST, capabilities: FILES });
  expect(spec.volumes?.map(({ hostPath }) => hostPath?.path)).toEqual(['/etc/cni/net.d', '/opt/cni/bin']);
  expect(spec.securityContext?.seccompProfile).toEqual({ type: 'RuntimeDefault' });
});

/** `| role | group | resources | verbs | why |` of docs/hardening.md, as rules by role. */
const documented = (): ReadonlyMap<string, readonly Rule[]> => {
  const rows = readText(ROOT, 'docs/hardening.md')
    .split('\n')
    .filter((line) => line.startsWith('| `portcullis'))
    .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')));
  const listOf = (cell: string | undefined): readonly string[] => (cell ?? '').split(', ');
  const resourcesIn = (cell: string | undefined): Pick<Rule, 'resources' | 'resourceNames'> => {
    const [resources, names] = (cell ?? '').split(' named ');
    return { resources: listOf(resources), ...(names === undefined ? {} : { resourceNames: listOf(names) }) };
  };
  const rules = rows.map(([, role = '', group = '', resources, verbs]): readonly [string, Rule] => [
    role,
    group === 'URL'
      ? { nonResourceURLs: listOf(resources), verbs: listOf(verbs) }
      : { apiGroups: [group === 'core' ? '' : group], ...resourcesIn(resources), verbs: listOf(verbs) },
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

test('no probe of the agent uses its listener', () => {
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
  test('the agent’s rights are those that docs/hardening.md lists, only where features need them', () => {
    const listed = documented();
    expect([...listed.keys()]).toEqual([
      'portcullis',
      'portcullis-pod-condition',
      'portcullis-leases',
      'portcullis-controller',
      'portcullis-controller-leases',
      'portcullis-startup-taint',
      'portcullis-metrics-auth',
      'portcullis-metrics-reader',
      CNI_PLUGIN,
    ]);
    for (const [name, text] of MANIFESTS) {
      for (const [role, rules] of rolesOf(text))
        expect({ name, role, rules }).toEqual({ name, role, rules: listed.get(role) });
    }
    expect([...rolesOf(readText(PATHS.rendered)).keys()]).toEqual(['portcullis']);
    expect([...rolesOf(renderedChart('default')).keys()]).toEqual(['portcullis']);
    expect([...rolesOf(renderedChart('everything')).keys()].toSorted()).toEqual([...listed.keys()].toSorted());
    expect([...rolesOf(renderedChart('pod-condition')).keys()]).toEqual(['portcullis', 'portcullis-pod-condition']);
    expect([...rolesOf(renderedChart('leases')).keys()]).toEqual(['portcullis', 'portcullis-leases']);
    expect([...rolesOf(renderedChart('controller')).keys()]).not.toContain('portcullis-startup-taint');
    expect([...rolesOf(readText(PATHS.cleanup)).keys()]).toEqual([]);
  });

  test('the agent’s rights include no wildcard, no secret and nothing that runs a program', () => {
    for (const rules of documented().values()) {
      for (const { apiGroups = [], resources = [], nonResourceURLs = [], verbs } of rules) {
        expect([...apiGroups, ...resources, ...nonResourceURLs, ...verbs].filter((word) => word.includes('*'))).toEqual(
          [],
        );
        expect(
          resources.filter(
            (word) =>
              /secrets|exec|token|nodes\/|rolebindings/.test(word) && !['tokenreviews', 'nodes/status'].includes(word),
          ),
        ).toEqual([]);
      }
    }
  });
});

test('the controller’s container has no capability, no root, and nothing of the node', () => {
  const deployment = readObjects(renderedChart('controller')).find(({ kind }) => kind === 'Deployment');
  const { spec } = (deployment?.spec as { readonly template: { readonly spec: PodSpec } }).template;
  expect(spec.containers).toHaveLength(1);
  expect(spec.containers[0]?.securityContext).toEqual({ ...LEAST, capabilities: { drop: ['ALL'] } });
  expect(spec.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
  expect([spec['hostNetwork'], spec.volumes]).toEqual([undefined, undefined]);
});

test('every test that docs/hardening.md names exists', () => {
  const named = readText(ROOT, 'docs/hardening.md').match(/test\/[\w./-]+\.test\.ts/g) ?? [];
  expect(named.length).toBeGreaterThan(10);
  for (const file of named) expect(readText(path.join(ROOT, file))).toContain('expect(');
});
