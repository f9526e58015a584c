import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { asObject } from '../../src/cluster/raw.ts';
import { createCommandRunner } from '../../src/kernel/command.ts';
import type { ObjectRef } from '../../src/lab/apiserver/kinds.ts';
import type { ApiFault, ProxiedRequest } from '../support/faults/api-proxy.ts';
import type { ShimmedTool, ToolFault } from '../support/faults/tool-shims.ts';
import { waitFor } from '../support/wait-for.ts';
import { type AwakeClock, startAwakeClock } from './told/awake-clock.ts';
import { isCounter, type End, type Told, type ToldFault } from './told/fault.ts';
import { TOLD_FAULTS } from './told/faults.ts';
import { openToldNode, policyRef, type Surfaces, type ToldAgent, type ToldNode } from './told/told-node.ts';

/**
 * Makes the faults of docs/faults.md with a real agent and a real API server, and reads every surface: all of them tell each
 * fault, and its end, within ten seconds of the first one that does.
 */

jest.setTimeout(600_000);

/** Maximum time until a fault is known, on a busy machine. */
const DEADLINE_MS = 240_000;
/** Between the first surface that tells it and the last one. */
const TOGETHER_MS = 10_000;
const PORT = 9571;
const SECOND_PORT = 9572;

const CLOSED = { podSelector: { matchLabels: { app: 'web' } }, policyTypes: ['Ingress'] };
/** Each peer and each port name needs a rule of its own: 10,100 rules. */
const TOO_LARGE = {
  ...CLOSED,
  ingress: [
    {
      from: Array.from({ length: 101 }, (_, at) => ({ podSelector: { matchLabels: { app: `a${at}` } } })),
      ports: Array.from({ length: 100 }, (_, at) => ({ port: `p${at}` })),
    },
  ],
};

let node: ToldNode;
let agent: ToldAgent;
/** Waits for the first one to end. */
let second: ToldAgent;
let awake: AwakeClock;

/** Lets `web` be reached by pods with this label: a set and a rule of both families that are not there yet. */
const letIn = (app: string): ObjectRef =>
  policyRef('changed', { ...CLOSED, ingress: [{ from: [{ podSelector: { matchLabels: { app } } }] }] });

const rowOf = (start: string): ToldFault => {
  const found = TOLD_FAULTS.find(({ fault, shown }) => fault.startsWith(start) && shown === 'here');
  if (found === undefined) throw new Error(`no row begins with ${start}`);
  return found;
};

/** A field of the status as text; undefined if it is absent or says nothing. */
const statusAt = ({ status }: Surfaces, path: string): string | undefined => {
  const value = path.split('.').reduce<unknown>((at, name) => asObject(at)[name], status);
  const text = JSON.stringify(value) as string | undefined;
  return text === undefined || text === '[]' ? undefined : text;
};

const valueOf = ({ metrics }: Surfaces, series: string): number =>
  Number(
    metrics
      .split('\n')
      .find((line) => line.startsWith(`${series} `))
      ?.split(' ')
      .at(-1) ?? 0,
  );

const isThere = (now: Surfaces, before: Surfaces, { metric }: Told): boolean =>
  isCounter(metric) ? valueOf(now, metric) > valueOf(before, metric) : now.metrics.includes(`${metric}\n`);

/** Events that are new or were repeated. */
const news = (now: Surfaces, before: Surfaces): readonly string[] =>
  [...now.events]
    .filter(([name, { count }]) => before.events.get(name)?.count !== count)
    .map(([, { reason }]) => reason);

const hasLine = (now: Surfaces, before: Surfaces, message: string): boolean =>
  now.log.slice(before.log.length).some((line) => line.includes(message));

/** Whether each surface tells the fault. */
const tells = (now: Surfaces, before: Surfaces, told: Told, pod: string): Readonly<Record<string, boolean>> => ({
  readyz: now.readyz.code === told.readyz,
  metric: isThere(now, before, told),
  condition: now.conditions.get(pod)?.['reason'] === told.condition,
  event: told.event === undefined ? true : news(now, before).includes(told.event),
  log: hasLine(now, before, told.log),
  status: statusAt(now, told.status)?.includes(told.detail ?? '') === true,
});

/** Whether each surface tells the end of it. */
const tellsEnd = (
  now: Surfaces,
  { begun, before, told, end, pod }: { begun: Surfaces; before: Surfaces; told: Told; end: End; pod: string },
): Readonly<Record<string, boolean>> => ({
  readyz: now.readyz.code === 200,
  metric: isCounter(told.metric) || !isThere(now, before, told),
  condition: [undefined, 'PoliciesInForce'].includes(now.conditions.get(pod)?.['reason'] as string | undefined),
  event: end.event === undefined ? true : news(now, begun).includes(end.event),
  log: hasLine(now, begun, end.log),
  status: statusAt(now, told.status)?.includes(told.detail ?? '') !== true,
});

interface Heard {
  readonly surfaces: Surfaces;
  /** By surface, in ms of the awake clock, when it was seen first to tell. */
  readonly at: Readonly<Record<string, number>>;
}

/** Waits until every surface tells it. */
const untilAll = async (
  what: string,
  from: ToldAgent,
  ask: (now: Surfaces) => Readonly<Record<string, boolean>>,
): Promise<Heard> => {
  const at: Record<string, number> = {};
  let last: Readonly<Record<string, boolean>> = {};
  const began = from.log.length;
  return waitFor(
    what,
    DEADLINE_MS,
    async () => {
      const surfaces = await from.surfaces().catch(() => undefined);
      if (surfaces === undefined) return undefined;
      last = ask(surfaces);
      for (const [surface, isTold] of Object.entries(last)) if (isTold) at[surface] ??= awake.now();
      return Object.values(last).every(Boolean) ? { surfaces, at } : undefined;
    },
    () => `${JSON.stringify(last)}\n${from.log.slice(began).join('\n')}`,
  );
};

/** Surfaces that tell a failure of a part only once it lasts; the others tell the first failed attempt. */
const ONCE_IT_LASTS = ['readyz', 'condition', 'event'];

/** The time between the first surface that had news, or of a part's failure told that it lasts, and the last one, in ms. */
const spread = ({ at }: Heard, silent: readonly string[], isLasting = false): number => {
  const told = Object.entries(at).filter(([surface]) => !silent.includes(surface));
  const first = told.filter(([surface]) => !isLasting || ONCE_IT_LASTS.includes(surface)).map(([, time]) => time);
  return Math.max(...told.map(([, time]) => time)) - Math.min(...first);
};

/** Surfaces that say the same before, during and after the fault. */
const silentOnes = ({ readyz, condition, event }: Told): readonly string[] => [
  ...(readyz === 200 ? ['readyz'] : []),
  ...(condition === 'PoliciesInForce' ? ['condition'] : []),
  ...(event === undefined ? ['event'] : []),
];

interface Made {
  /** The pod that the fault concerns. */
  readonly pod?: string;
  readonly begin: () => unknown;
  readonly end: () => unknown;
}

interface Begun {
  readonly fault: string;
  readonly told: Told;
  readonly end: End | undefined;
  readonly begun: Heard;
}

/** Makes faults and ends them, and expects that all surfaces tell each, and its end. */
const expectTold = async (rows: readonly ToldFault[], { pod = 'web', begin, end: finish }: Made): Promise<void> => {
  const before = await agent.surfaces();
  const untilTold = (): Promise<readonly Begun[]> =>
    Promise.all(
      rows.map(async ({ fault, told, end }) => {
        if (told === 'nothing') throw new Error(`${fault}: nothing is reported`);
        const begun = await untilAll(`${fault}: told`, agent, (now) => tells(now, before, told, pod));
        return { fault, told, end, begun };
      }),
    );
  await begin();
  // No fault outlives its test.
  const heard = await untilTold().finally(async () => {
    await finish();
  });
  for (const { told, begun } of heard) {
    const isLasting = told.event === 'PartNotInForce';
    expect(spread(begun, silentOnes(told), isLasting)).toBeLessThan(TOGETHER_MS);
  }
  await Promise.all(
    heard.map(async ({ fault, told, end, begun: { surfaces: begun } }) => {
      if (end === undefined) return;
      const ended = await untilAll(`${fault}: its end`, agent, (now) =>
        tellsEnd(now, { begun, before, told, end, pod }),
      );
      const silent = [
        ...silentOnes(told),
        ...(end.event === undefined ? ['event'] : []),
        // Of a pod that is gone there is nothing to say.
        ...(ended.surfaces.conditions.has(pod) ? [] : ['condition']),
      ];
      expect(spread(ended, silent)).toBeLessThan(TOGETHER_MS);
    }),
  );
};

beforeAll(async () => {
  awake = startAwakeClock();
  node = await openToldNode(createCommandRunner());
  await node.addPod('web', '10.244.1.5', 'fd00:1:244::5');
  await node.apply(letIn('first'));
  agent = await node.startAgent(PORT);
  await waitFor(
    'policy to be in force',
    DEADLINE_MS,
    async () => {
      const { readyz, conditions } = await agent.surfaces();
      return readyz.text === 'ok\n' && conditions.get('web')?.['status'] === 'True' ? true : undefined;
    },
    () => agent.log.join('\n'),
  );
  second = await node.startAgent(SECOND_PORT);
});

afterAll(async () => {
  awake.stop();
  await node.close();
});

/** Faults of the API server, each of another kind of object, so that three are made at a time. */
const API_ROUNDS: readonly (readonly (readonly [start: string, kind: string, fault: ApiFault])[])[] = [
  [
    ['401, 403', 'pods', { kind: 'status', code: 403 }],
    ['restarted with', 'namespaces', { kind: 'status', code: 410 }],
    ['500', 'networkpolicies', { kind: 'status', code: 500 }],
  ],
  [
    ['no JSON', 'pods', { kind: 'garbage' }],
    ['an empty list', 'namespaces', { kind: 'empty list', resourceVersion: '1' }],
    ['429', 'networkpolicies', { kind: 'status', code: 429, headers: { 'Retry-After': '1' } }],
  ],
];

const faultFor =
  (round: (typeof API_ROUNDS)[number]) =>
  ({ kind, isWatch }: ProxiedRequest): ApiFault | undefined => {
    const fault = round.find(([, faulty]) => faulty === kind)?.[2];
    // A list is requested where the watch says that its history is gone.
    return fault?.kind === 'empty list' && isWatch ? { kind: 'status', code: 410 } : fault;
  };

const noFault = (): undefined => undefined;

test.each(API_ROUNDS.map((round) => [round.map(([start]) => start).join('; '), round] as const))(
  'every surface tells these faults of the API server and their ends: %s',
  (_, round) =>
    expectTold(
      round.map(([start]) => rowOf(start)),
      {
        begin: () => {
          node.proxy.fault = faultFor(round);
          node.proxy.cut();
        },
        end: () => {
          node.proxy.fault = noFault;
        },
      },
    ),
);

test('every surface tells that the API server is gone, and that it is back', () =>
  expectTold([rowOf('gone')], { begin: () => node.proxy.down(), end: () => node.proxy.up() }));

test('every surface tells that Events are refused, and that they are accepted again', () =>
  expectTold([rowOf('events are refused')], {
    begin: async () => {
      node.proxy.fault = ({ kind, method }) =>
        kind === 'events' && method === 'POST' ? { kind: 'status', code: 403 } : undefined;
      await node.run('iptables-nft', '-t', 'security', '-D', 'FORWARD', '-j', 'PORTCULLIS-FORWARD');
    },
    end: async () => {
      node.proxy.fault = noFault;
      await node.apply(policyRef('too-large-once', TOO_LARGE));
      await waitFor('the fault', DEADLINE_MS, async () =>
        (await agent.surfaces()).metrics.includes('policy="too-large-once"') ? true : undefined,
      );
      await node.remove(policyRef('too-large-once', {}));
    },
  }));

interface ToolCase {
  readonly start: string;
  readonly tools: readonly ShimmedTool[];
  readonly fault: ToolFault;
  /** Whom the policy lets in then, so that there is something to program. */
  readonly app: string;
}

const refuse = (message: string): ToolFault => ({ kind: 'refuse', message });

/** The end of a part's failure is one Event for each part, and told again after a minute at the earliest: so each case has a new part. */
const TOOL_CASES: readonly ToolCase[] = [
  {
    start: 'iptables or ip6tables refuses',
    tools: ['ip6tables-nft-restore'],
    fault: refuse('no table of six'),
    app: 'second',
  },
  {
    start: 'iptables-restore refuses',
    tools: ['iptables-nft-restore', 'ip6tables-nft-restore'],
    fault: refuse('no space left on device'),
    app: 'third',
  },
];

test.each(TOOL_CASES)(
  'every surface tells what a tool of the kernel refuses, and the end of it: $start',
  ({ start, tools, fault, app }) =>
    expectTold([rowOf(start)], {
      begin: async () => {
        for (const tool of tools) await node.shims.inject(tool, fault);
        await node.apply(letIn(app));
      },
      end: () => node.shims.heal(),
    }),
);

test('every surface tells that the kernel refuses what one policy needs, and the end of it', () => {
  const address = '198.51.100.0/24';
  const policy = policyRef('refused', {
    ...CLOSED,
    ingress: [{ from: [{ ipBlock: { cidr: address } }, { ipBlock: { cidr: '203.0.113.0/24' } }] }],
  });
  return expectTold([rowOf('the kernel refuses a set or chain')], {
    begin: async () => {
      await node.shims.inject('ipset-restore', { kind: 'refuse input', message: 'set is full', text: address });
      await node.apply(policy);
    },
    // What is refused is tried again after 30 s at the earliest, or when its policy changes.
    end: async () => {
      await node.shims.heal();
      await node.apply(policyRef('refused', { ...CLOSED, ingress: [{ from: [{ ipBlock: { cidr: address } }] }] }));
    },
  });
});

test('every surface tells that a policy is above the limits, and that it is repaired', () =>
  expectTold([rowOf('junk')], {
    begin: () => node.apply(policyRef('large', TOO_LARGE)),
    end: () => node.apply(policyRef('large', CLOSED)),
  }));

test('every surface tells that a firewall was reloaded', () =>
  expectTold([rowOf('a firewall is reloaded')], {
    begin: () => node.run('iptables-nft', '-t', 'security', '-F'),
    end: () => undefined,
  }));

test('every surface tells that no rule sees the packets of a pod, and the end of it', () =>
  expectTold([rowOf('a pod whose packets')], {
    pod: 'mac',
    begin: () => node.addPod('mac', '172.18.0.60'),
    end: () => node.removePod('mac'),
  }));

// The last one, since it ends the first agent. That two agents are a fault is known after a minute, which has passed by then.
test('every surface tells that a second agent waits for the node, and that it has it', async () => {
  const { told, end } = rowOf('two agents');
  if (told === 'nothing' || end === undefined) throw new Error('the row says nothing');
  const before = { ...(await agent.surfaces()), log: [], events: new Map() };
  const { surfaces: begun } = await untilAll('two agents: told', second, (now) => tells(now, before, told, 'web'));
  await agent.process.stop();
  const ended = await untilAll('two agents: the end', second, (now) =>
    tellsEnd(now, { begun, before, told, end, pod: 'web' }),
  );
  expect(spread(ended, silentOnes(told))).toBeLessThan(TOGETHER_MS);
});
