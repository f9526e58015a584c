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

/** Reports bridges between pods that iptables does not see as metrics, events and log lines. */
export const createBridgeObserver =
  (metrics: AgentMetrics, { log, events }: { readonly log: Logger; readonly events: EventSink }) =>
  (unseen: readonly Unseen[]): void => {
    metrics.setUnseenBridges(unseen);
    events.stand('bridges', unseen.map(eventOf));
    for (const each of unseen) {
      log.warn('policies are not enforced between pods on this bridge: load br_netfilter and set the sysctl to 1', {
        ...each,
        sysctl: SYSCTLS[each.family],
      });
    }
  };
