import { assignAddresses, MADE_UP_RANGES } from '../cluster/assign-addresses.ts';
import type { ClusterSnapshot } from '../model/snapshot.ts';
import { IP_FAMILIES, type IpFamily } from '../model/family.ts';
import { compileNodePolicy } from '../policy/compile.ts';
import type { PolicyFault } from '../policy/fault.ts';
import { compileProgram } from '../program/compile-program.ts';
import { readAntiSpoofing } from '../config/anti-spoofing.ts';
import { planChanges } from '../render/plan.ts';
import { nothingObserved } from '../render/nothing-observed.ts';
import { filenameOption, loadInput } from './input.ts';
import { contextOption, kubeconfigOption } from './live-cluster.ts';
import { formatOutput, type OutputOptions, outputOption } from './output.ts';
import { tellFaults } from './tell-faults.ts';
import { type CliIo, UsageError, type Verb } from './verb.ts';

interface RenderOptions extends OutputOptions {
  readonly node?: string;
  readonly simulate?: boolean;
  readonly antiSpoofing?: readonly string[];
}

interface Rendered {
  readonly ipset: string;
  readonly iptables: string;
  readonly ip6tables: string;
}

const readPatterns = (text: string): readonly string[] => {
  const patterns = readAntiSpoofing(text);
  if (patterns !== undefined && typeof patterns !== 'string') return patterns;
  throw new UsageError(`--anti-spoofing: "${text}" is not a comma-separated list of interface names`);
};

const withAddresses = (snapshot: ClusterSnapshot, node: string): ClusterSnapshot => ({
  ...snapshot,
  pods: assignAddresses(snapshot.pods, { nodes: [node], cidrsOf: () => Object.values(MADE_UP_RANGES) }),
});

const render = (
  snapshot: ClusterSnapshot,
  node: string,
  sources: readonly string[],
): Rendered & { readonly faults: readonly PolicyFault[] } => {
  const policy = compileNodePolicy(snapshot, node);
  const plan = planChanges(nothingObserved(IP_FAMILIES), compileProgram(policy, { sources: () => sources }));
  const textOf = (family: IpFamily): string => `${plan.tables[family] ?? ''}${plan.raw?.[family] ?? ''}`;
  return {
    ipset: `${plan.prepare}${plan.finish}`,
    iptables: textOf('ipv4'),
    ip6tables: textOf('ipv6'),
    faults: policy.faults,
  };
};

const asText = ({ ipset, iptables, ip6tables }: Rendered): string =>
  [
    '# ipset -exist restore',
    ipset,
    '# iptables-restore --noflush',
    iptables,
    '# ip6tables-restore --noflush',
    ip6tables,
  ].join('\n');

const tellWhatIsLeftOut = (snapshot: ClusterSnapshot, node: string, io: CliIo): void => {
  const pods = [...snapshot.pods.values()].filter((pod) => !pod.hostNetwork);
  const bare = pods.filter((pod) => pod.ips.length === 0).length;
  if (bare > 0) {
    io.err(`note: ${bare} pods have no status.podIPs and so appear in no rule; --simulate gives them addresses\n`);
  }
  if (!pods.some((pod) => pod.node === node)) {
    io.err(`note: no pod has spec.nodeName ${node}, so no policy has a subject there\n`);
  }
};

export const renderVerb: Verb = {
  declare(command) {
    command
      .argument('[path...]', 'manifests, as with -f')
      .addOption(filenameOption())
      .addOption(kubeconfigOption())
      .addOption(contextOption())
      .option('--node <name>', 'the node to render for: its pods are the subjects')
      .option('--simulate', 'give placeholders to pods without a node or without addresses')
      .option('--anti-spoofing <patterns>', 'interfaces of pods whose sources are checked, such as veth+', readPatterns)
      .addOption(outputOption())
      .addHelpText(
        'after',
        `
Prints the text that the agent of a node would feed to ipset and
iptables-restore, if the kernel held nothing of ours. Nothing is touched, and no
rights are needed.

Examples:
  kubectl get pods,namespaces,networkpolicies -A -o yaml |
    portcullis render --node worker-1 -f -
  portcullis render --node n1 --simulate -f manifests/`,
      );
  },
  async run(command, io) {
    const { node, simulate = false, antiSpoofing = [], output } = command.opts<RenderOptions>();
    if (node === undefined) throw new UsageError('--node is required: the spec.nodeName of the pods to enforce for');
    const loaded = await loadInput(command, io);
    const snapshot = simulate ? withAddresses(loaded.snapshot, node) : loaded.snapshot;
    tellWhatIsLeftOut(snapshot, node, io);
    const { faults, ...rendered } = render(snapshot, node, antiSpoofing);
    tellFaults(faults, loaded, io);
    io.out(formatOutput(output, { node, ...rendered }, () => asText(rendered)));
    return faults.length > 0 || loaded.problems.length > 0 ? 1 : 0;
  },
};
