import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DIRECTIONS } from '../../src/model/direction.ts';
import { IP_FAMILIES } from '../../src/model/family.ts';
import { compileNodePolicy } from '../../src/policy/compile.ts';
import { compileProgram } from '../../src/program/compile-program.ts';
import { createNodeCompiler } from '../../src/reconcile/node-compiler.ts';
import { isEmptyPlan, planChanges, planDelta } from '../../src/render/plan.ts';
import { changeWalk, walkChanges } from '../support/change-walk.ts';
import { createFakeKernel } from '../support/fake-kernel/fake-kernel.ts';
import { createFakeHost } from '../support/fake-kernel/host.ts';
import { propertyTime } from '../support/property-time.ts';

const linesOf = (text: string): readonly string[] => text.split('\n').sort();

test('changes one after another lead to the same result as a compile from scratch', () => {
  fc.assert(
    fc.property(changeWalk, (walk) => {
      const compiler = createNodeCompiler('n1', {});
      for (const { snapshot, changes } of walkChanges(walk)) {
        compiler.update(snapshot, changes);
        const policy = compileNodePolicy(snapshot, 'n1');
        expect(compiler.program()).toEqual(compileProgram(policy));
        expect(compiler.policy()).toEqual(policy);
        for (const direction of DIRECTIONS) {
          const pods = policy.isolations.filter((each) => each.direction === direction).flatMap((each) => each.pods);
          expect(compiler.isolatedPods()[direction]).toBe(pods.filter(({ closed }) => closed === undefined).length);
          for (const pod of pods) {
            for (const ip of pod.ips) {
              expect(compiler.podsAt(ip)).toContainEqual(pod);
              expect(compiler.isolationsAt(direction, ip).flatMap((each) => each.pods)).toContainEqual(pod);
            }
          }
        }
      }
    }),
    propertyTime(4_000),
  );
}, 3_600_000);

test('the reported changes bring the kernel from one state to the next, and nothing is written twice', async () => {
  await fc.assert(
    fc.asyncProperty(changeWalk, async (walk) => {
      const host = createFakeHost();
      const kernel = createFakeKernel(host);
      const compiler = createNodeCompiler('n1', {});
      let begun = false;
      for (const { snapshot, changes } of walkChanges(walk)) {
        const delta = compiler.update(snapshot, changes);
        const compared = planChanges(await kernel.observe(), compiler.program());
        const plan = begun ? planDelta(delta, IP_FAMILIES) : compared;
        // The same lines that a comparison would write, in any order within a step.
        expect(linesOf(plan.prepare)).toEqual(linesOf(compared.prepare));
        expect(linesOf(plan.finish)).toEqual(linesOf(compared.finish));
        expect(plan.size).toBe(compared.size);
        await kernel.apply(plan);
        const left = planChanges(await kernel.observe(), compileProgram(compileNodePolicy(snapshot, 'n1')));
        expect({ left, isEmpty: isEmptyPlan(left) }).toMatchObject({ isEmpty: true });
        begun = true;
      }
    }),
    propertyTime(4_000),
  );
}, 3_600_000);
