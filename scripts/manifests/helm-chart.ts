import { CommandError, createCommandRunner } from '../../src/kernel/command.ts';
import { KUBERNETES_VERSION } from '../../src/lab/apiserver/binaries.ts';
import { PATHS } from './paths.ts';

/** The commands of Helm for the chart. */
export interface Helm {
  /** @throws CommandError that says what is wrong with the chart */
  lint(): Promise<void>;
  /** Returns the rendered chart with a file of values. @throws CommandError */
  template(values: string): Promise<string>;
  /** Returns why the chart refuses a file of values on a version of Kubernetes. @throws Error if it does not */
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
