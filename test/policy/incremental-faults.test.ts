import { expect, test } from '@jest/globals';
import type { PolicyObject } from '../../src/model/policy-object.ts';
import { createPolicyCompiler } from '../../src/policy/incremental/policy-compiler.ts';
import { cluster, pod, policy } from '../support/small-cluster.ts';

const bad = (key: string): PolicyObject => policy(key, { ingress: 'all' });

test('faults are the current ones of all policies, and the same list while none changes', () => {
  const compiler = createPolicyCompiler('n1');
  const at = (...policies: readonly PolicyObject[]) => {
    compiler.update(cluster({ shop: {}, far: {} }, [pod('shop/web')], policies), 'everything');
    return compiler.faults().map((fault) => fault.policy);
  };
  const near = bad('shop/near');
  const far = bad('far/away');
  expect(at(near, far)).toEqual(['far/away', 'shop/near']);
  const list = compiler.faults();
  expect(at(near, far, policy('far/good', {}), policy('shop/good', {}))).toEqual(['far/away', 'shop/near']);
  expect(compiler.faults()).toBe(list);
  expect(at(near, policy('far/away', {}))).toEqual(['shop/near']);
  expect(at(far)).toEqual(['far/away']);
  expect(at()).toEqual([]);
});
