import { beforeEach, expect, test } from '@jest/globals';
import { type EnforcedPods, trackEnforcedPods } from '../../../src/cluster/condition/enforced-pods.ts';
import { IN_FORCE, type PodVerdict } from '../../../src/cluster/condition/reasons.ts';
import type { PodEndpoint } from '../../../src/model/pod.ts';
import { podEndpoint } from '../../support/pod-endpoint.ts';

const POD = podEndpoint('web', { ips: ['10.0.0.5'] });

let pods: Map<string, PodEndpoint>;
let told: string[];
let tracker: EnforcedPods;

const track = (gatedOnly = false): void => {
  tracker = trackEnforcedPods({
    node: 'n1',
    gatedOnly,
    snapshot: () => ({ pods, namespaces: new Map(), policies: new Map() }),
    onEnforced: ({ uid, ips }) => told.push(`${uid} ${ips.join()}`),
    onGone: (uid) => told.push(`${uid} is gone`),
  });
};

const put = (pod: PodEndpoint): void => {
  pods.set(pod.uid, pod);
  tracker.changed(pod.uid);
};

const pass = (succeeded: boolean): void => {
  tracker.taken();
  tracker.ended(succeeded);
};

beforeEach(() => {
  pods = new Map();
  told = [];
  track();
});

test('a pod is reported once, after a successful pass that had its address', () => {
  put({ ...POD, ips: [] });
  pass(true);
  expect(told).toEqual([]);
  put(POD);
  pass(true);
  put({ ...POD, ips: ['10.0.0.6'] });
  pass(true);
  expect(told).toEqual(['web 10.0.0.5']);
});

test('a pass does not count for a pod that came after its start', () => {
  tracker.taken();
  put(POD);
  tracker.ended(true);
  expect(told).toEqual([]);
  pass(true);
  expect(told).toEqual(['web 10.0.0.5']);
});

test('a failed pass counts for no pod; the next one does', () => {
  put(POD);
  pass(false);
  expect(told).toEqual([]);
  pass(true);
  expect(told).toEqual(['web 10.0.0.5']);
});

test('a pod that is gone is reported, and its uid is forgotten', () => {
  put(POD);
  pass(true);
  pods.clear();
  tracker.changed('web');
  put(POD);
  pass(true);
  expect(told).toEqual(['web 10.0.0.5', 'web is gone', 'web 10.0.0.5']);
});

test.each([
  ['of another node', { ...POD, node: 'n2' }],
  ['on the host network', { ...POD, hostNetwork: true }],
  ['that has the condition', { ...POD, isEnforced: true as const }],
])('no report is made of a pod %s', (_what, pod) => {
  put(pod);
  pass(true);
  expect(told).toEqual([]);
});

test('only pods that wait for the condition are reported if only those are wanted', () => {
  track(true);
  put(POD);
  put({ ...POD, uid: 'gated', awaitsEnforcement: true });
  pass(true);
  expect(told).toEqual(['gated 10.0.0.5']);
});

test('the verdict on a pod may be unknown for a while, and change later', () => {
  let verdict: PodVerdict | undefined;
  const said: string[] = [];
  tracker = trackEnforcedPods({
    node: 'n1',
    gatedOnly: false,
    snapshot: () => ({ pods, namespaces: new Map(), policies: new Map() }),
    verdictOf: () => verdict,
    onEnforced: ({ uid }, { status, reason }) => said.push(`${uid} ${status} ${reason}`),
    onGone: () => undefined,
  });
  put(POD);
  pass(true);
  expect(said).toEqual([]);
  verdict = { status: 'False', reason: 'UnseenNetwork', message: 'macvlan' };
  tracker.reconsider();
  tracker.reconsider();
  expect(said).toEqual(['web False UnseenNetwork']);
  verdict = IN_FORCE;
  tracker.reconsider();
  expect(said).toEqual(['web False UnseenNetwork', 'web True PoliciesInForce']);
});

test('a condition that says that all is in force is withdrawn if it is not, and not written again if it is', () => {
  let verdict: PodVerdict = IN_FORCE;
  const said: string[] = [];
  tracker = trackEnforcedPods({
    node: 'n1',
    gatedOnly: false,
    snapshot: () => ({ pods, namespaces: new Map(), policies: new Map() }),
    verdictOf: () => verdict,
    onEnforced: (_, { reason }) => said.push(reason),
    onGone: () => undefined,
  });
  put({ ...POD, isEnforced: true });
  pass(true);
  expect(said).toEqual([]);
  verdict = { status: 'False', reason: 'FamilyNotProgrammed', message: 'ipv6' };
  tracker.reconsider();
  expect(said).toEqual(['FamilyNotProgrammed']);
});
