import { parseAllDocuments } from 'yaml';
import { AGNHOST_IMAGE } from '../../e2e/cluster/images/names.ts';

/** The parts of a story's manifests that are read. */
interface StoryObject {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec?: {
    readonly nodeName?: string;
    readonly containers?: readonly { readonly ports?: readonly { readonly containerPort: number }[] }[];
  };
}

const server = (port: number): object => ({
  name: `port-${port}`,
  image: AGNHOST_IMAGE,
  args: ['netexec', `--http-port=${port}`, '--udp-port=-1'],
  ports: [{ containerPort: port }],
  readinessProbe: { tcpSocket: { port }, periodSeconds: 1 },
});

/** A pod that serves nothing, in which curl runs. */
const client = { name: 'client', image: AGNHOST_IMAGE, args: ['pause'] };

const placePod = (pod: StoryObject, nodes: readonly string[]): object => {
  const ports = (pod.spec?.containers ?? []).flatMap((container) => container.ports ?? []);
  const [, number = '1'] = /^node(\d+)$/.exec(pod.spec?.nodeName ?? '') ?? [];
  return {
    ...pod,
    spec: {
      nodeName: nodes[(Number(number) - 1) % nodes.length],
      // Stories are short, and so is the life of their pods.
      terminationGracePeriodSeconds: 0,
      containers: ports.length === 0 ? [client] : ports.map(({ containerPort }) => server(containerPort)),
    },
  };
};

/**
 * Adapts a story's manifests to a real cluster: its pods run real servers on the ports that they name, and node1,
 * node2, … become the given nodes.
 * @returns JSON documents, which are YAML
 */
export const placePods = (text: string, nodes: readonly string[]): string =>
  parseAllDocuments(text)
    .map((document) => document.toJS() as StoryObject)
    .map((object) => (object.kind === 'Pod' ? placePod(object, nodes) : object))
    .map((object) => `---\n${JSON.stringify(object)}\n`)
    .join('');

/** Returns the namespaces of a story. */
export const namespacesOf = (text: string): readonly string[] =>
  parseAllDocuments(text)
    .map((document) => document.toJS() as StoryObject)
    .filter(({ kind }) => kind === 'Namespace')
    .map(({ metadata }) => metadata.name);
