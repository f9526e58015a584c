import type { IpFamily } from '../model/family.ts';
import type { EventSink, OperatorEvent } from '../model/operator-event.ts';
import type { Logger } from './logger.ts';
import type { AgentMetrics } from './metrics.ts';

interface Unseen {
  readonly bridge: string;
  readonly family: IpFamily;
}

const SYSCTLS: Readonly<Record<IpFamily, string>> = {
  ipv4: 'net.bridge.bridge-nf-call-iptables',
  ipv6: 'net.bridge.bridge-nf-call-ip6tables',
};

const eventOf = ({ bridge, family }: Unseen): OperatorEvent => ({
  type: 'Warning',
  reason: 'BridgeNotFiltered',
  action: 'Inspect',
  note:
    `${family} between the pods on the bridge ${bridge} of this node is not seen by iptables, so policies are not enforced there: ` +
    `load br_netfilter and set ${SYSCTLS[family]}=1`,
});

const endOf = ({ bridge, family }: Unseen): OperatorEvent => ({
  type: 'Normal',
  reason: 'BridgeFiltered',
  action: 'Inspect',
  note: `${family} between the pods on the bridge ${bridge} of this node is seen by iptables, or no pod is on it any more`,
});

/** Reports bridges between pods that iptables does not see as metrics, events and log lines, when they begin and end. */
export const createBridgeObserver = (
  metrics: Pick<AgentMetrics, 'setUnseenBridges'>,
  { log, events }: { readonly log: Pick<Logger, 'info' | 'warn'>; readonly events: EventSink },
): ((unseen: readonly Unseen[]) => void) => {
  let known: ReadonlyMap<string, Unseen> = new Map();
  return (unseen) => {
    const now = new Map(unseen.map((each) => [`${each.bridge} ${each.family}`, each]));
    metrics.setUnseenBridges(unseen);
    events.stand('bridges', unseen.map(eventOf));
    for (const [key, each] of now) {
      if (known.has(key)) continue;
      log.warn('policies are not enforced between pods on this bridge: load br_netfilter and set the sysctl to 1', {
        ...each,
        sysctl: SYSCTLS[each.family],
      });
    }
    for (const [key, each] of known) {
      if (now.has(key)) continue;
      log.info('policies are enforced between pods on this bridge again, or none is left on it', { ...each });
      events.tell(endOf(each));
    }
    known = now;
  };
};
