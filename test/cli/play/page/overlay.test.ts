import { describe, expect, test } from '@jest/globals';
import { overlayPolicies } from '../../../../src/cli/play/page/overlay.ts';
import { cluster, policy } from '../../../support/small-cluster.ts';

const DENY = policy('shop/deny', { podSelector: {} });

const world = () => {
  const read = {
    world: { snapshot: cluster({ shop: {} }, [], [DENY]), services: [], externals: [] },
    problems: [],
    warnings: [],
  };
  return overlayPolicies({ read: () => read, stop: () => Promise.resolve() });
};

const yaml = (name: string, spec = '{podSelector: {}, ingress: [{}]}') =>
  `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: ${name}, namespace: shop}\nspec: ${spec}\n`;

describe('policies that are applied in the page', () => {
  test('a policy replaces that of the folder, or comes new, and the world stays the same until the next one', () => {
    const overlaid = world();
    const before = overlaid.read();
    expect(overlaid.apply(`${yaml('deny')}---\n${yaml('more')}`)).toBe(
      'networkpolicy shop/deny configured\nnetworkpolicy shop/more created',
    );
    const after = overlaid.read();
    expect(after).not.toBe(before);
    expect(overlaid.read()).toBe(after);
    expect([...(after?.world.snapshot.policies ?? [])].map(([key, { spec }]) => [key, spec])).toEqual([
      ['shop/deny', { podSelector: {}, ingress: [{}] }],
      ['shop/more', { podSelector: {}, ingress: [{}] }],
    ]);
  });

  test.each([
    ['no YAML', 'kind: [', 'page:'],
    ['another kind', 'apiVersion: v1\nkind: Namespace\nmetadata: {name: x}\n', 'there is no NetworkPolicy in the text'],
    [
      'an invalid policy',
      yaml('bad', '{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/99}}]}]}'),
      'cidr',
    ],
  ])('a text with %s is refused, and nothing changes', (_, text, message) => {
    const overlaid = world();
    const before = overlaid.read();
    expect(() => overlaid.apply(text)).toThrow(message);
    expect(overlaid.read()).toBe(before);
  });
});
