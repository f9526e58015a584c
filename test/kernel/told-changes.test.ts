import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openPolicedNode, type PolicedNode } from '../support/lab/policed-node.ts';

let node: PolicedNode;

beforeAll(async () => {
  node = await openPolicedNode();
});

afterAll(async () => {
  await node.close();
});

const untilLogged = (what: string, ...texts: readonly string[]): Promise<true> =>
  node.until(what, () => Promise.resolve(node.log().some((line) => texts.every((text) => line.includes(text)))));

test('the log at info names a changed policy that is in force, and who was cut off by which policy', async () => {
  await node.putPolicy('client', 'stranger');
  await node.start();
  await node.untilStarted();
  const isAnswered = await node.connect('stranger', 'ipv4');
  expect(await isAnswered()).toBe(true);
  await node.putPolicy('client');
  await untilLogged('the policy by name', 'changed policies are in force', 'shop/web');
  await untilLogged('the cut edge', 'cut live connections', 'shop/stranger to shop/web TCP 80', 'isolated by shop/web');
});
