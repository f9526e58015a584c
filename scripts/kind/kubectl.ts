import { createCommandRunner } from '../../src/kernel/command.ts';

/** kubectl for one cluster. @throws CommandError with kubectl's words, or the exit code of what `exec` ran */
export type Kubectl = (args: readonly string[], input?: string) => Promise<string>;

/** Waiting for a roll-out on a slow machine that first loads images takes its time. */
const KUBECTL_MS = 10 * 60 * 1000;

export const createKubectl = (context: string): Kubectl => {
  const { run } = createCommandRunner();
  return (args, input) =>
    run('kubectl', [`--context=${context}`, ...args], {
      timeoutMs: KUBECTL_MS,
      ...(input === undefined ? {} : { input }),
    });
};
