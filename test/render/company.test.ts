import { describe, expect, test } from '@jest/globals';
import { declaredIn, findEngines, holdsRules } from '../../src/render/company.ts';

describe('co-tenant engines', () => {
  test.each([
    [':cali-FORWARD - [0:0]', ['calico']],
    [':KUBE-POD-FW-ABCDEF - [0:0]\n:KUBE-ROUTER-FORWARD - [0:0]', ['kube-router']],
    [':WEAVE-NPC - [0:0]\n:CILIUM_FORWARD - [0:0]\n:ANTREA-FORWARD - [0:0]', ['antrea', 'cilium', 'weave']],
    [':KUBE-FORWARD - [0:0]\n:DOCKER-USER - [0:0]\n:PORTCULLIS-FORWARD - [0:0]\n:FORWARD DROP [1:2]', []],
    ['-A FORWARD -m comment --comment ":cali-x " -j ACCEPT', []],
  ])('chains %j belong to %j', (save, engines) => {
    expect(findEngines(declaredIn(save), [])).toEqual(engines);
  });

  test.each([
    [['filter', 'nat', 'kube-proxy', 'firewalld', 'toString'], []],
    [['kindnet-network-policies'], ['kindnet']],
    [
      ['kube-network-policies', 'calico', 'calico'],
      ['calico', 'kube-network-policies'],
    ],
  ])('tables of nftables %j belong to %j', (tables, engines) => {
    expect(findEngines([], tables)).toEqual(engines);
  });

  test('an engine with chains and tables is named once', () => {
    expect(findEngines(['cali-FORWARD'], ['calico'])).toEqual(['calico']);
  });

  test('rules count, hints of the kubelet do not', () => {
    expect(holdsRules('*filter\n:INPUT ACCEPT [0:0]\n:KUBE-IPTABLES-HINT - [0:0]\nCOMMIT\n')).toBe(false);
    expect(holdsRules('*mangle\n-A KUBE-KUBELET-CANARY -j RETURN\n')).toBe(false);
    expect(holdsRules('*filter\n-A INPUT -j ACCEPT\n')).toBe(true);
  });
});
