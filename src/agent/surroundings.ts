import type { CommandRunner } from '../kernel/command.ts';
import { type Company, lookForCompany } from '../kernel/company.ts';
import type { Backend } from '../kernel/iptables.ts';
import type { Netlink } from '../kernel/netlink/netlink.ts';
import type { NftReader } from '../kernel/netlink/nft-reader.ts';
import { createWatch } from '../kernel/watch.ts';
import type { IpFamily } from '../model/family.ts';
import { createCompanyObserver } from '../telemetry/company-observer.ts';
import type { AgentMetrics } from '../telemetry/metrics.ts';
import type { AgentContext } from './context.ts';

/** People install engines, so checks are rare; reading all tables takes some time. */
const COMPANY_EVERY_MS = 600_000;

interface Node {
  readonly runner: CommandRunner;
  readonly netlink: Netlink;
  readonly nft: NftReader;
  readonly backend: Backend;
  readonly families: readonly IpFamily[];
  readonly metrics: AgentMetrics;
}

/** Conditions of the node that bypass policy and that the agent must not change. */
interface Surroundings {
  /** Returns the state as it was last read. */
  status(): { readonly company: Company | undefined };
  stop(): void;
}

export const watchSurroundings = (
  context: AgentContext,
  { runner, netlink, nft, backend, families, metrics }: Node,
): Surroundings => {
  const { clock } = context;
  const company = createWatch({
    look: () => lookForCompany({ runner, netlink, nft }, backend, families),
    everyMs: COMPANY_EVERY_MS,
    clock,
    onNews: createCompanyObserver(metrics, context),
  });
  return {
    status: () => ({ company: company.seen() }),
    stop() {
      company.stop();
    },
  };
};
