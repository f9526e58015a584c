import { setTimeout as delay } from 'node:timers/promises';
import type { Pod } from '../stage/cast.ts';
import { podManifest, policyManifest } from '../stage/manifests.ts';
import type { Stage } from '../stage/stage.ts';

/** Milliseconds between two changes: agents handle some of them together and some one by one. */
const PAUSE_MS = 60;
const ROUNDS = 8;

type Objects = Readonly<Record<string, object | undefined>>;

/** Writes one state after the other, and at the end the initial state. */
const walk = async (stage: Stage, states: readonly Objects[]): Promise<void> => {
  for (const state of states) {
    await stage.cluster.write(state);
    await delay(PAUSE_MS);
  }
  await stage.applied(await stage.cluster.restore());
};

const rounds = (stateOf: (round: number) => Objects): readonly Objects[] =>
  Array.from({ length: ROUNDS }, (_, at) => stateOf(at));

/** A policy of web that lets in a given role, on one port. */
const webPolicy = (name: string, role: string, port = 7000) =>
  policyManifest(name, 'web', {
    policyTypes: ['Ingress'],
    ingress: [{ from: [{ podSelector: { matchLabels: { role } } }], ports: [{ port }] }],
  });

const pod = (stage: Stage, name: Pod, labels: Readonly<Record<string, string>>) =>
  podManifest(name, stage.scene.families, labels);

export const policyChanges = (stage: Stage): Promise<void> =>
  walk(
    stage,
    rounds((at) => ({ 'policy-extra': at % 4 === 3 ? undefined : webPolicy('extra', `nobody-${at % 2}`) })),
  );

const many = (there: boolean): Objects =>
  Object.fromEntries(
    Array.from({ length: 100 }, (_, at) => [
      `policy-many-${at}`,
      there ? webPolicy(`many-${at}`, `nobody-${at}`, 1000 + at) : undefined,
    ]),
  );

export const manyPolicies = (stage: Stage): Promise<void> => walk(stage, [many(true), many(false), many(true)]);

export const namespaceLabels = async (stage: Stage): Promise<void> => {
  const selecting = policyManifest('by-namespace', 'web', {
    policyTypes: ['Ingress'],
    ingress: [{ from: [{ namespaceSelector: { matchLabels: { team: 'nobody' } } }] }],
  });
  const other = (team: string) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'other', labels: { 'kubernetes.io/metadata.name': 'other', team } },
  });
  await walk(
    stage,
    rounds((at) => ({ 'policy-by-namespace': selecting, 'namespace-other': other(`team-${at}`) })),
  );
};

export const agentKilled = async (stage: Stage): Promise<void> => {
  await stage.agents()?.node1.kill();
  await delay(PAUSE_MS);
  await stage.restartAgent('node1');
};

export const labelChurn = (stage: Stage): Promise<void> =>
  walk(
    stage,
    rounds((at) => ({
      'pod-closed': pod(stage, 'closed', { churn: `a-${at}` }),
      'pod-web': pod(stage, 'web', { churn: `b-${at}` }),
      'pod-caged': pod(stage, 'caged', { [`key-${at}`]: 'c' }),
    })),
  );

export const roleChanges = (stage: Stage): Promise<void> =>
  walk(
    stage,
    rounds((at) => ({ 'pod-closed': pod(stage, 'closed', { role: at % 2 === 0 ? 'web' : 'closed' }) })),
  );

export const podReplaced = (stage: Stage): Promise<void> =>
  walk(
    stage,
    rounds((at) => {
      const fresh = pod(stage, 'closed', {});
      const metadata = { ...fresh.metadata, name: `closed-${at}`, uid: `uid-closed-${at}` };
      return { 'pod-closed': { ...fresh, metadata } };
    }),
  );

export const policiesRenamed = async (stage: Stage): Promise<void> => {
  const named = (kind: 'closed' | 'caged', at: number) =>
    policyManifest(
      `${kind}-${at}`,
      kind,
      kind === 'closed'
        ? { policyTypes: ['Ingress', 'Egress'] }
        : {
            policyTypes: ['Egress'],
            egress: [
              { to: [{ podSelector: { matchLabels: { role: 'client' } } }], ports: [{ port: 80, protocol: 'TCP' }] },
            ],
          },
    );
  await walk(
    stage,
    rounds((at) => ({ 'policy-closed': named('closed', at), 'policy-caged': named('caged', at) })),
  );
};

/** One file has both pods: agents could otherwise read one of them earlier than the other. */
export const addressesExchanged = (stage: Stage): Promise<void> => {
  const [closed, web] = [pod(stage, 'closed', {}), pod(stage, 'web', {})];
  const both = (exchanged: boolean) => ({
    apiVersion: 'v1',
    kind: 'List',
    items: exchanged
      ? [
          { ...closed, status: web.status },
          { ...web, status: closed.status },
        ]
      : [closed, web],
  });
  return walk(stage, [
    { 'pod-web': both(false) },
    { 'pod-closed': undefined },
    ...rounds((at) => ({ 'pod-web': both(at % 2 === 0) })),
    { 'pod-closed': closed },
  ]);
};

export const unreadablePolicy = (stage: Stage): Promise<void> =>
  walk(
    stage,
    rounds((at) => ({
      'policy-bad':
        at % 2 === 1
          ? undefined
          : policyManifest('bad', 'web', { ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/99' } }] }] }),
    })),
  );

export const hugePolicies = (stage: Stage): Promise<void> => {
  const values = Array.from({ length: 5_000 }, (_, at) => `value-${at}`);
  const blocks = Array.from({ length: 1_000 }, (_, at) => ({
    ipBlock: { cidr: `11.${at >> 8}.${at & 255}.0/24`, except: [`11.${at >> 8}.${at & 255}.8/32`] },
  }));
  const expression = { matchExpressions: [{ key: 'role', operator: 'In', values: ['nobody', ...values] }] };
  const huge = {
    'policy-values': policyManifest('values', 'web', { ingress: [{ from: [{ podSelector: expression }] }] }),
    'policy-blocks': policyManifest('blocks', 'web', { ingress: [{ from: blocks, ports: [{ port: 7000 }] }] }),
    'policy-named': webPolicy(`long-${'x'.repeat(248)}`, 'nobody'),
  };
  const none = Object.fromEntries(Object.keys(huge).map((name) => [name, undefined]));
  return walk(stage, [huge, none, huge]);
};

export const readinessFlaps = (stage: Stage): Promise<void> =>
  walk(
    stage,
    rounds((at) => {
      const ready = (name: Pod) => {
        const object = pod(stage, name, {});
        const conditions = [{ type: 'Ready', status: at % 2 === 0 ? 'True' : 'False' }];
        return { ...object, status: { ...object.status, conditions } };
      };
      return { 'pod-closed': ready('closed'), 'pod-web': ready('web'), 'pod-client': ready('client') };
    }),
  );

export const killedInTheMiddle = async (stage: Stage): Promise<void> => {
  const changing = manyPolicies(stage).catch(() => undefined);
  await delay(2 * PAUSE_MS);
  await stage.agents()?.node1.kill();
  await delay(PAUSE_MS);
  await stage.restartAgent('node1');
  await changing;
  await stage.applied(await stage.cluster.restore());
};
