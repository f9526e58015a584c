import { createCommandRunner } from '../../src/kernel/command.ts';
import { readTarget, type Target } from './target.ts';

/** Pods of a new node, or of one that just came back, may take minutes on a busy machine. */
const KUBECTL_MS = 5 * 60 * 1000;

export const target: Target = readTarget(process.env);

const { run } = createCommandRunner();

/** Runs kubectl on the target. @throws CommandError with kubectl's message, or the exit code of `exec`'s command */
export const kubectl = (args: readonly string[], input?: string): Promise<string> =>
  run(target.kubectl, [`--kubeconfig=${target.kubeconfig}`, ...args], {
    timeoutMs: KUBECTL_MS,
    ...(input === undefined ? {} : { input }),
  });

/** Creates or changes objects. */
export const apply = async (...objects: readonly object[]): Promise<void> => {
  await kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
};

/** Returns an object, or a List, from the API server. The caller states its shape. */
export const get = async <Shape>(...args: readonly string[]): Promise<Shape> =>
  JSON.parse(await kubectl(['get', ...args, '-o', 'json'])) as Shape;
