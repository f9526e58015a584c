import { createCommandRunner } from '../../src/kernel/command.ts';

/** kubectl for one cluster. @throws CommandError with kubectl's message, or the exit code of `exec`'s command */
export type Kubectl = (args: readonly string[], input?: string) => Promise<string>;

/** A roll-out on a slow machine, which first loads images, takes long. */
const KUBECTL_MS = 10 * 60 * 1000;

export const createKubectl = (context: string): Kubectl => {
  const { run } = createCommandRunner();
  return (args, input) =>
    run('kubectl', [`--context=${context}`, ...args], {
      timeoutMs: KUBECTL_MS,
      ...(input === undefined ? {} : { input }),
    });
};
