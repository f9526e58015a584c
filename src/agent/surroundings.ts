import type { ClusterSource } from '../cluster/source.ts';
import type { CommandRunner } from '../kernel/command.ts';
import { type Company, lookForCompany } from '../kernel/company.ts';
import type { Backend } from '../kernel/iptables.ts';
import type { Netlink } from '../kernel/netlink/netlink.ts';
import type { NftReader } from '../kernel/netlink/nft-reader.ts';
import { findUnseenBridges, type UnseenBridge } from '../kernel/unseen-bridges.ts';
import { createWatch } from '../kernel/watch.ts';
import type { IpFamily } from '../model/family.ts';
import { createBridgeObserver } from '../telemetry/bridge-observer.ts';
import { createCompanyObserver } from '../telemetry/company-observer.ts';
import type { AgentMetrics } from '../telemetry/metrics.ts';
import type { AgentContext } from './context.ts';

/** Engines come and go with the people who install them, and reading all tables takes some time, ms. */
const COMPANY_EVERY_MS = 600_000;
/** A few small files, ms. */
const BRIDGES_EVERY_MS = 60_000;

interface Node {
  readonly source: ClusterSource;
  readonly runner: CommandRunner;
  readonly netlink: Netlink;
  readonly nft: NftReader;
  readonly backend: Backend;
  readonly families: readonly IpFamily[];
  readonly metrics: AgentMetrics;
}

/** What of the node is in the way of policy and not the agent's to change. */
interface Surroundings {
  /** As it was seen last. */
  status(): { readonly company: Company | undefined; readonly unseenBridges: readonly UnseenBridge[] | undefined };
  stop(): void;
}

export const watchSurroundings = (
  context: AgentContext,
  { source, runner, netlink, nft, backend, families, metrics }: Node,
): Surroundings => {
  const { clock, config } = context;
  const podAddresses = (): readonly string[] =>
    [...source.snapshot().pods.values()].flatMap(({ node, hostNetwork, ips }) =>
      node === config.nodeName && !hostNetwork ? ips : [],
    );
  const company = createWatch({
    look: () => lookForCompany({ runner, netlink, nft }, backend, families),
    everyMs: COMPANY_EVERY_MS,
    clock,
    onNews: createCompanyObserver(metrics, context),
  });
  const bridges = createWatch({
    look: () => findUnseenBridges(podAddresses(), families),
    everyMs: BRIDGES_EVERY_MS,
    clock,
    onNews: createBridgeObserver(metrics, context),
  });
  return {
    status: () => ({ company: company.seen(), unseenBridges: bridges.seen() }),
    stop() {
      company.stop();
      bridges.stop();
    },
  };
};
