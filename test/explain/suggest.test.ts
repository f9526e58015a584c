import { describe, expect, test } from '@jest/globals';
import { createExplainer } from '../../src/explain/explainer.ts';
import type { Suggestion } from '../../src/explain/suggest.ts';
import type { PodEndpoint } from '../../src/model/pod.ts';
import { cluster, pod, policy } from '../support/small-cluster.ts';

const port = (number: number) => [{ name: 'http', protocol: 'TCP', port: number }] as const;

const WEB = { podSelector: { matchLabels: { app: 'web' } } };
const API = pod('shop/api', { app: 'api', 'pod-template-hash': '1' }, { ips: ['10.0.0.1'] });
const SERVER = pod('shop/web', { app: 'web' }, { ips: ['10.0.0.2'], ports: port(80) });
const OTHER = pod('shop/batch', { app: 'batch' }, { ips: ['10.0.0.3'], ports: port(80) });
const TILL = pod('bank/till', { app: 'till' }, { ips: ['10.0.0.4'] });

const suggest = (
  policies: Readonly<Record<string, unknown>>,
  { from = '10.0.0.1', to = '10.0.0.2', at = 80, more = [] as readonly PodEndpoint[] } = {},
): readonly Suggestion[] =>
  createExplainer(
    cluster(
      { shop: {}, bank: {} },
      [API, SERVER, OTHER, TILL, ...more],
      Object.entries(policies).map(([key, spec]) => policy(key, spec)),
    ),
  ).suggest({ source: from, destination: to, protocol: 'TCP', port: at });

const briefly = (all: readonly Suggestion[]) =>
  all.map(({ changes, opens }) => `${changes.map(({ kind }) => kind).join('+')} ${opens.length}`);

const specOf = (suggestion: Suggestion | undefined) =>
  (suggestion?.manifests[0] as { spec: unknown } | undefined)?.spec;

describe('what would allow a refused connection', () => {
  test('the suggestion is the peer that a rule lacks, with the changed policy', () => {
    const [first] = suggest({
      'shop/web': {
        ...WEB,
        ingress: [{ from: [{ podSelector: { matchLabels: { app: 'x' } } }], ports: [{ port: 80 }] }],
      },
    });
    expect(first?.changes).toEqual([{ kind: 'peer', text: 'add app=api to spec.ingress[0].from of shop/web' }]);
    expect(first?.opens).toEqual([{ from: 'shop/api', to: 'shop/web', protocol: 'TCP', port: 80 }]);
    expect(first?.manifests).toEqual([
      {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { name: 'web', namespace: 'shop' },
        spec: {
          ...WEB,
          ingress: [
            {
              from: [{ podSelector: { matchLabels: { app: 'x' } } }, { podSelector: { matchLabels: { app: 'api' } } }],
              ports: [{ port: 80 }],
            },
          ],
        },
      },
    ]);
  });

  test('the suggestion is the port that a rule lacks, where nobody else gains by it', () => {
    const [first] = suggest({
      'shop/web': {
        ...WEB,
        ingress: [{ from: [{ podSelector: { matchLabels: { app: 'api' } } }], ports: [{ port: 443 }] }],
      },
    });
    expect(first?.changes).toEqual([{ kind: 'port', text: 'add TCP 80 to spec.ingress[0].ports of shop/web' }]);
  });

  test('the suggestion is a policy of its own, where every rule of the others would open more', () => {
    const all = suggest({ 'shop/deny': { podSelector: {}, policyTypes: ['Ingress'] } });
    expect(briefly(all)).toEqual(['policy 1', 'rule 2']);
    expect(all[0]?.changes[0]?.text).toBe(
      'add a policy shop/allow-api-to-web for app=web: ingress from app=api on TCP 80',
    );
    expect(specOf(all[0])).toEqual({
      ...WEB,
      policyTypes: ['Ingress'],
      ingress: [{ from: [{ podSelector: { matchLabels: { app: 'api' } } }], ports: [{ protocol: 'TCP', port: 80 }] }],
    });
  });

  test('the suggestion is a label of the pod among others, with all that the label opens and closes elsewhere', () => {
    const all = suggest({
      'shop/web': { ...WEB, ingress: [{ from: [{ podSelector: { matchLabels: { role: 'client' } } }] }] },
      'shop/batch': {
        podSelector: { matchLabels: { app: 'batch' } },
        ingress: [{ from: [{ podSelector: { matchLabels: { role: 'client' } } }] }],
      },
    });
    const label = all.find(({ changes }) => changes[0]?.kind === 'label');
    expect(label?.changes[0]?.text).toBe('label the pods of shop/api role=client, as spec.ingress[0] of shop/web asks');
    expect(label?.manifests).toEqual([
      { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'api', namespace: 'shop', labels: { role: 'client' } } },
    ]);
    const opened = new Set(label?.opens.map(({ to }) => to));
    expect(opened).toEqual(new Set(['shop/web', 'shop/batch']));
  });

  test('the suggestion is no label that would make another policy select the pod', () => {
    const all = suggest({
      'shop/web': { ...WEB, ingress: [{ from: [{ podSelector: { matchLabels: { role: 'client' } } }] }] },
      'shop/clients': { podSelector: { matchLabels: { role: 'client' } }, policyTypes: ['Ingress'] },
    });
    expect(all.flatMap(({ changes }) => changes.map(({ kind }) => kind))).not.toContain('label');
  });

  test('the suggestion names a pod of another namespace by the name of that, and an address by itself', () => {
    const rules = { 'shop/web': { ...WEB, ingress: [{ from: [{ podSelector: {} }], ports: [{ port: 80 }] }] } };
    const peerOf = (from: string) =>
      (specOf(suggest(rules, { from })[0]) as { ingress: readonly [{ from: readonly unknown[] }] }).ingress[0].from.at(
        -1,
      );
    expect(peerOf('10.0.0.4')).toEqual({
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'bank' } },
      podSelector: { matchLabels: { app: 'till' } },
    });
    expect(peerOf('203.0.113.7')).toEqual({ ipBlock: { cidr: '203.0.113.7/32' } });
  });

  test('the suggestion is two changes, where both ends refuse', () => {
    const [first] = suggest({
      'shop/web': { ...WEB, policyTypes: ['Ingress'] },
      'shop/out': { podSelector: { matchLabels: { app: 'api' } }, policyTypes: ['Egress'] },
    });
    expect(first?.changes.map(({ kind }) => kind)).toEqual(['rule', 'rule']);
    expect(first?.manifests).toHaveLength(2);
    expect(first?.opens).toHaveLength(1);
  });

  test('the suggestion is one manifest, where one policy refuses at both ends', () => {
    const [first] = suggest({ 'shop/all': { podSelector: {}, policyTypes: ['Ingress', 'Egress'] } });
    expect(first?.changes).toHaveLength(2);
    expect(first?.manifests).toHaveLength(1);
    expect(first?.opens).toHaveLength(1);
  });

  test('the suggestion leaves a policy alone that cannot be read', () => {
    const all = suggest({ 'shop/bad': { podSelector: {}, ingress: [{ ports: [{ port: 0 }] }] } });
    expect(briefly(all)).toEqual(['policy 1']);
  });

  test('the suggestion is nothing for what is allowed', () => {
    expect(suggest({})).toEqual([]);
  });

  test('the suggestion counts ports that the destination does not declare once for each protocol', () => {
    const rules = { 'shop/web': { ...WEB, ingress: [{ from: [{ podSelector: { matchLabels: { app: 'x' } } }] }] } };
    const peer = suggest(rules).find(({ changes }) => changes[0]?.kind === 'peer');
    expect(peer?.opens.map(({ protocol, port: number }) => `${protocol} ${number}`)).toEqual([
      'TCP 80',
      'TCP others',
      'UDP others',
      'SCTP others',
      'other others',
    ]);
  });

  test('the suggestion names no label that the next revision of the pod will not have', () => {
    const rules = { 'shop/web': { ...WEB, policyTypes: ['Ingress'] } };
    expect(JSON.stringify(suggest(rules).map(({ manifests }) => manifests))).not.toContain('pod-template-hash');
  });
});
