import { CommandError, createCommandRunner } from '../../src/kernel/command.ts';
import { KUBERNETES_VERSION } from '../../src/lab/apiserver/binaries.ts';
import { PATHS } from './paths.ts';

/** What is asked of Helm about the chart. */
export interface Helm {
  /** @throws CommandError with what is wrong with the chart */
  lint(): Promise<void>;
  /** The chart with a file of values. @throws CommandError */
  template(values: string): Promise<string>;
  /** Why the chart refuses a file of values on a version of Kubernetes. @throws Error when it does not */
  refusal(values: string, kubernetes?: string): Promise<string>;
}

export const createHelm = (program: string): Helm => {
  const { run } = createCommandRunner();
  const template = (values: string, kubernetes: string = KUBERNETES_VERSION): Promise<string> =>
    run(program, [
      'template',
      'portcullis',
      PATHS.chart,
      '--namespace=kube-system',
      `--kube-version=${kubernetes}`,
      `--values=${values}`,
    ]);
  return {
    async lint() {
      await run(program, ['lint', '--strict', `--kube-version=${KUBERNETES_VERSION}`, PATHS.chart]);
    },
    template: (values) => template(values),
    async refusal(values, kubernetes) {
      try {
        await template(values, kubernetes);
      } catch (error) {
        if (error instanceof CommandError) return error.stderr;
        throw error;
      }
      throw new Error(`the chart takes ${values}, which it should refuse`);
    },
  };
};
