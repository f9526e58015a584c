import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { AGENT, AGENT_NAMESPACE, MANIFEST, MANIFESTS } from './agent-names.ts';
import { get, kubectl } from './kubectl.ts';

const AGENT_PODS = 'app.kubernetes.io/name=portcullis,app.kubernetes.io/component=agent';

/** Resolves when every node's agent is the current one, and ready: it has programmed its node completely. */
export const waitForAgents = async (): Promise<void> => {
  await kubectl(['-n', AGENT_NAMESPACE, 'rollout', 'status', AGENT, '--timeout=180s']);
};

/** Installs the agent as the README says. */
export const installAgent = async (): Promise<void> => {
  await kubectl(['apply', '-f', MANIFEST]);
  await waitForAgents();
};

/** Installs the agent with components of manifests/components. */
export const installAgentWith = async (...components: readonly string[]): Promise<void> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'portcullis-overlay-'));
  const at = (...parts: readonly string[]): string => path.relative(folder, path.join(MANIFESTS, ...parts));
  try {
    const kustomization = {
      apiVersion: 'kustomize.config.k8s.io/v1beta1',
      kind: 'Kustomization',
      resources: [at('base')],
      components: components.map((name) => at('components', name)),
    };
    await writeFile(path.join(folder, 'kustomization.yaml'), JSON.stringify(kustomization));
    await kubectl(['apply', '-k', folder]);
  } finally {
    await rm(folder, { recursive: true });
  }
  await waitForAgents();
};

export interface AgentPod {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: { readonly nodeName: string; readonly containers: readonly { readonly image: string }[] };
  readonly status: {
    readonly podIP: string;
    readonly containerStatuses: readonly {
      readonly imageID: string;
      readonly restartCount: number;
      readonly state?: { readonly running?: object };
    }[];
  };
}

export const agentPods = async (): Promise<readonly AgentPod[]> =>
  (await get<{ items: readonly AgentPod[] }>('-n', AGENT_NAMESPACE, 'pods', '-l', AGENT_PODS)).items;
