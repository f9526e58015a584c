import { setTimeout as delay } from 'node:timers/promises';
import { type Attack, BOTH, EVERYWHERE, type Form } from '../run/attack.ts';
import type { Lies } from '../run/play.ts';
import type { Machine } from '../stage/cast.ts';
import type { Stage } from '../stage/stage.ts';
import * as events from './window-events.ts';

/** A flow whose verdict must stay the same whatever happens. */
interface Flow {
  readonly from: Machine;
  readonly to: Machine;
  readonly lies?: Lies;
  /** The machine whose address it uses as its source, if not the sender's own. */
  readonly as?: Machine;
}

const FORBIDDEN: readonly Flow[] = [
  { from: 'stranger', to: 'web' },
  { from: 'stranger', to: 'closed' },
  { from: 'stranger2', to: 'web' },
  { from: 'caged', to: 'outside' },
  { from: 'caged', to: 'client' },
  { from: 'closed', to: 'client' },
];

/** A pod whose role changes for a while may send meanwhile; what it may not receive stays forbidden. */
const WITHOUT_CLOSED = FORBIDDEN.filter(({ from }) => from !== 'closed');

/** An isolated pod has the address all the time, though not always the same one. */
const TO_WEB = FORBIDDEN.filter(({ to }) => to === 'web');

/** Probes that policy would allow if their senders had the addresses that they claim. */
const SPOOFED: readonly Flow[] = [
  { from: 'stranger', to: 'web', as: 'client', lies: { port: 53 } },
  { from: 'stranger', to: 'web', as: 'client2', lies: { port: 53 } },
  { from: 'caged', to: 'outside', as: 'client' },
];

const ALLOWED: readonly Flow[] = [{ from: 'client', to: 'web', lies: { port: 53 } }];

const EVERY_MS = 4;
const AFTERWARDS_MS = 100;

/** Sends probes of all flows during an event, in each family and each from a new port. */
const during =
  (event: (stage: Stage) => Promise<void>, flows: readonly Flow[]): Form =>
  async (play) => {
    const { stage } = play;
    const state = { over: false };
    const probing = (async () => {
      while (!state.over) {
        for (const family of play.scene.families) {
          for (const { from, to, lies, as = from } of flows) {
            const ends = { source: play.scene.ip(as, family), destination: play.scene.ip(to, family) };
            play.udp(from, to, { ...lies, ...ends });
          }
        }
        await delay(EVERY_MS);
      }
    })();
    try {
      if (stage.agents() !== undefined) await event(stage);
      await delay(AFTERWARDS_MS);
    } finally {
      state.over = true;
      await probing;
    }
  };

const BY = 'changes go in an order in which nothing opens meanwhile; rules outlive the agent';

/** Probes that must not arrive during an event, and those that must. */
const meanwhile = (
  name: string,
  what: string,
  event: (stage: Stage) => Promise<void>,
  flows: readonly Flow[] = FORBIDDEN,
): Attack => ({
  name: `windows/${name}`,
  what: `probes every ${EVERY_MS} ms while ${what}`,
  needs: 'API',
  networks: EVERYWHERE,
  families: BOTH,
  form: during(event, flows),
  from: 'stranger',
  to: 'web',
  at: [...new Set(flows.map(({ to }) => to))],
  twin: { form: during(event, ALLOWED), from: 'client', to: 'web', at: 'web' },
  kind: 'held',
  by: BY,
  alone: true,
  slow: true,
});

/** Changes of the cluster and ends of the agent, while probes send what is forbidden throughout. */
export const WINDOWS: readonly Attack[] = [
  meanwhile('policy-changes', 'a policy of the pod comes, changes and goes', events.policyChanges),
  meanwhile('many-policies', '100 policies of the pod come and go', events.manyPolicies),
  meanwhile('namespace-labels', 'the labels of a namespace change that a policy selects', events.namespaceLabels),
  meanwhile('agent-killed', 'the agent is killed and started again', events.agentKilled),
  meanwhile('label-churn', 'labels of isolated pods change that no policy asks for', events.labelChurn),
  meanwhile('role-changes', 'a pod changes between two policies', events.roleChanges, WITHOUT_CLOSED),
  meanwhile('pod-replaced', 'a pod is replaced by one of another UID at the same address', events.podReplaced),
  meanwhile('policies-renamed', 'policies are replaced by the same of other names', events.policiesRenamed),
  meanwhile('addresses-exchanged', 'two isolated pods exchange their addresses', events.addressesExchanged, TO_WEB),
  meanwhile('unreadable-policy', 'a policy that cannot be read comes and goes', events.unreadablePolicy),
  meanwhile(
    'huge-lists',
    'policies with 5,000 values in a list, 1,000 blocks with exceptions and the longest names come and go',
    events.hugePolicies,
  ),
  meanwhile('readiness-flaps', 'pods become ready and unready', events.readinessFlaps),
  meanwhile(
    'killed-in-the-middle',
    'policies come and go and the agent is killed in the middle',
    events.killedInTheMiddle,
  ),
  meanwhile(
    'spoofed-agent-killed',
    'the agent is killed and started again, with false sources',
    events.agentKilled,
    SPOOFED,
  ),
  meanwhile('spoofed-label-churn', 'labels of isolated pods change, with false sources', events.labelChurn, SPOOFED),
  meanwhile('spoofed-many-policies', '100 policies come and go, with false sources', events.manyPolicies, SPOOFED),
];
