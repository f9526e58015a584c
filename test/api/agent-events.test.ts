import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { createCommandRunner } from '../../src/kernel/command.ts';
import type { RunningProcess } from '../../src/lab/process.ts';
import { type Installation, openInstallation } from '../support/apiserver/installed-agent.ts';
import { waitFor } from '../support/wait-for.ts';
import { cleanUp } from '../support/clean-up.ts';

/**
 * The built agent, with the rights of its manifest, reports what happens to it; the network namespace is the sandbox's
 * own.
 */

jest.setTimeout(240_000);

const DEADLINE_MS = 60_000;
const runner = createCommandRunner();

let installation: Installation;
let agent: RunningProcess;
let lines: string[];
let kubectl: Installation['kubectl'];

const untilSaid = (pattern: RegExp): Promise<string> =>
  waitFor(
    String(pattern),
    DEADLINE_MS,
    () => Promise.resolve(lines.find((line) => pattern.test(line))),
    () => lines.join('\n'),
  );

const untilShown = (what: RegExp, ...args: readonly string[]): Promise<string> =>
  waitFor(
    String(what),
    DEADLINE_MS,
    async () => {
      const text = await kubectl(args);
      return what.test(text) ? text : undefined;
    },
    () => lines.join('\n'),
  );

/** Each peer and each port name needs a rule of its own: 10,100 rules. */
const tooLarge = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'huge', namespace: 'shop' },
  spec: {
    podSelector: {},
    ingress: [
      {
        from: Array.from({ length: 101 }, (_, at) => ({ podSelector: { matchLabels: { app: `a${at}` } } })),
        ports: Array.from({ length: 100 }, (_, at) => ({ port: `p${at}` })),
      },
    ],
  },
};

beforeAll(async () => {
  installation = await openInstallation(runner);
  ({ kubectl } = installation);
  await installation.server.admin.create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } });
  lines = [];
  agent = await installation.startAgent(['--drift-interval=200ms'], (line) => lines.push(line));
  await untilSaid(/policy is in force/);
});

afterAll(async () => {
  await cleanUp(
    () => agent.stop(),
    () => installation.close(),
  );
});

test('an Event of the node reports which program removed our rules', async () => {
  await runner.run('iptables-nft', ['-t', 'security', '-D', 'FORWARD', '-j', 'PORTCULLIS-FORWARD']);
  const shown = await untilShown(/RulesChangedByOthers/, 'describe', 'node', 'n1');
  expect(shown).toMatch(
    /Warning\s+RulesChangedByOthers\s.*\sportcullis\.io\/agent\s+found and repaired: the jump to our rules is gone from: FORWARD \(ipv4\)/,
  );
});

test('an Event in the policy’s namespace reports a policy that cannot be enforced', async () => {
  await kubectl(['apply', '-f', '-'], JSON.stringify(tooLarge));
  const shown = await untilShown(/InvalidPolicy/, 'events', '-n', 'shop', '--for=networkpolicy/huge');
  expect(shown).toMatch(/Warning\s+InvalidPolicy\s+NetworkPolicy\/huge\s+spec\.ingress: /);
});

test('the rights in the manifest suffice for Events', () => {
  expect(lines.filter((line) => /cannot |403/.test(line) && !line.includes('a policy has a fault'))).toEqual([]);
});
