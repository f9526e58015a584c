import { expect, test } from '@jest/globals';
import type { AgentLease } from '../../src/cluster/lease/agent-lease.ts';
import { judgeLease, judgeSilence, readAgentPod } from '../../src/controller/judge-node.ts';

const LEASE: AgentLease = {
  node: 'n1',
  release: 'portcullis',
  resourceVersion: '1',
  renewedAt: '',
  durationSeconds: 30,
  level: 'enforcing',
  since: '',
  reason: '',
  networkpolicies: '1',
  pods: '1',
  namespaces: '1',
  faulty: [],
  version: '',
};

test.each([
  ['enforcing', 'True', 'Enforcing'],
  ['in part', 'True', 'EnforcingInPart'],
  ['not enforcing', 'False', 'NotEnforcing'],
  ['a word of another version', 'False', 'NotEnforcing'],
])('a Lease that says %s makes the condition %s with the reason %s', (level, status, reason) => {
  expect(judgeLease({ ...LEASE, level, reason: 'no table' })).toMatchObject({ status, reason });
});

const podWith = (state: object, lastState: object = {}) =>
  readAgentPod({
    metadata: { name: 'portcullis-x' },
    status: { phase: 'Running', containerStatuses: [{ name: 'agent', restartCount: 3, state, lastState }] },
  });

test('silence is explained by the agent’s pod: missing, crash-looping, or there', () => {
  const crashing = podWith(
    { waiting: { reason: 'CrashLoopBackOff' } },
    { terminated: { exitCode: 2, message: 'wrong flag\n' } },
  );
  expect(judgeSilence([])).toMatchObject({ status: 'Unknown', reason: 'AgentMissing' });
  expect(judgeSilence([crashing])).toMatchObject({
    status: 'Unknown',
    reason: 'AgentCrashLooping',
    message: expect.stringContaining('portcullis-x ends again and again: wrong flag;'),
  });
  expect(judgeSilence([podWith({ running: {} })])).toMatchObject({
    reason: 'AgentStale',
    message: expect.stringContaining('(pod portcullis-x: Running)'),
  });
  expect(judgeSilence([podWith({ waiting: { reason: 'ErrImagePull' } })]).message).toContain('ErrImagePull');
});

test('silence is not explained away where the pods cannot be read', () => {
  expect(judgeSilence(undefined)).toMatchObject({ status: 'Unknown', reason: 'AgentStale' });
});
