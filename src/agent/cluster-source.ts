import { uptime } from 'node:os';
import type { Beginning } from '../cluster/api/first-list.ts';
import { createApiSource } from '../cluster/api-source.ts';
import { type AnnouncedSandboxes, withAnnouncements } from '../cluster/cni/announced-sandboxes.ts';
import { type CniResults, followCniResults } from '../cluster/cni/follow-results.ts';
import { type SandboxesDeps, withSandboxes } from '../cluster/cni/with-sandboxes.ts';
import type { ClusterSource } from '../cluster/source.ts';
import { readInterfaces, readRoutedAddresses } from '../kernel/host-routes.ts';
import { connectTo } from './connect.ts';
import type { AgentContext } from './context.ts';

const createSource = async (context: AgentContext, beginning: Beginning): Promise<ClusterSource> => {
  const { config, clock, log } = context;
  const onTrouble = (what: string, trouble: string | undefined): void => {
    if (trouble === undefined) log.info('the connection to the API server was restored', { what });
    else log.warn('the connection to the API server failed; the last state stays in force', { what, trouble });
  };
  const { source } = config;
  if (source.kind === 'manifests') {
    // An agent in a cluster need not load its YAML parser.
    const { createManifestSource } = await import('../cluster/manifest-source.ts');
    return createManifestSource({
      paths: [source.folder],
      clock,
      onTrouble: (trouble) => {
        onTrouble(source.folder, trouble);
      },
    });
  }
  return createApiSource({
    connect: connectTo(source, context),
    clock,
    random: Math.random,
    onTrouble,
    beginning,
  });
};

/** Returns libcni's results about the node's pods, if they are read. */
export const createCniResults = ({ config, clock, log }: AgentContext): CniResults | undefined => {
  const { cniResults: folder } = config;
  if (folder === undefined) return undefined;
  const bootedAt = Date.now() - uptime() * 1000;
  const onTrouble = (what: string, trouble: string): void => {
    log.warn('cannot read a CNI result; using the pod status instead', { what, trouble });
  };
  return followCniResults({ folder, clock, bootedAt, onTrouble });
};

const host: SandboxesDeps['host'] = {
  async readInterfaces() {
    const names = await readInterfaces();
    // There is always lo: a file that cannot be read proves nothing.
    if (names.size === 0) throw new Error('/proc/net/dev cannot be read');
    return names;
  },
  readRoutedAddresses,
};

/** Returns the announcements of the CNI plugin; undefined without a plugin. */
export const createAnnounced = (
  { config }: AgentContext,
  results: CniResults | undefined,
): AnnouncedSandboxes | undefined =>
  config.cniSocket === undefined
    ? undefined
    : withAnnouncements({ results, readInterfaces: host.readInterfaces, now: Date.now });

interface ClusterSourceOptions {
  /** Called for each change of the results, after the source has it. */
  readonly onResult: () => void;
  readonly beginning: Beginning;
}

/** Creates the source of pods, namespaces and policies, and of the sandboxes of the node's pods. */
export const createClusterSource = async (
  context: AgentContext,
  results: CniResults | undefined,
  { onResult, beginning }: ClusterSourceOptions,
): Promise<ClusterSource> => {
  const source = await createSource(context, beginning);
  const told: CniResults | undefined = results && {
    ...results,
    start(tell) {
      results.start((podUid) => {
        tell(podUid);
        onResult();
      });
    },
  };
  const { config, clock } = context;
  return withSandboxes(source, {
    results: told,
    node: config.nodeName,
    host,
    clock,
  });
};
