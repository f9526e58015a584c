import { startProcess } from '../../src/lab/process.ts';
import { kubectl, target } from './kubectl.ts';
import type { PodRef } from './objects.ts';

/** New connections from a pod to an address, one after the other, until it is stopped. */
export interface Flow {
  /** Resolves when `count` more connections have been tried. */
  tried(count: number): Promise<void>;
  /** Ends it. */
  stop(): Promise<FlowResult>;
}

export interface FlowResult {
  readonly answered: number;
  readonly failed: number;
  /** The longest time between two answers, including the start and the end. */
  readonly longestGapMs: number;
}

/** In seconds: the pause between two connections, and below the timeout of one. */
const PAUSE = '0.1';
const PATIENCE = '1';

/** Prints a line per connection to $0 until the file $1 appears. */
const LOOP = `until [ -e "$1" ]; do
  if curl --globoff --silent --output /dev/null --max-time ${PATIENCE} "$0"; then echo answered; else echo failed; fi
  sleep ${PAUSE}
done`;

let flows = 0;

/** Starts to connect. @param address a URL whose path identifies this flow in the server's log */
export const startFlow = async (from: PodRef, address: string): Promise<Flow> => {
  flows += 1;
  // Ending kubectl alone would leave the loop running in the pod.
  const stopFile = `/tmp/stop-flow-${flows}`;
  const exec = [`--kubeconfig=${target.kubeconfig}`, '-n', from.namespace, 'exec', from.name, '--'];
  let answered = 0;
  let failed = 0;
  let longestGapMs = 0;
  let lastAnswer = performance.now();
  let waiting: { readonly at: number; readonly resolve: () => void }[] = [];

  const endGap = (): void => {
    const now = performance.now();
    longestGapMs = Math.max(longestGapMs, now - lastAnswer);
    lastAnswer = now;
  };

  const onLine = (line: string): void => {
    if (line === 'answered') {
      answered += 1;
      endGap();
    } else if (line === 'failed') failed += 1;
    else return;
    for (const { resolve } of waiting.filter(({ at }) => at <= answered + failed)) resolve();
    waiting = waiting.filter(({ at }) => at > answered + failed);
  };

  const loop = await startProcess(target.kubectl, [...exec, 'sh', '-c', LOOP, address, stopFile], { output: onLine });

  return {
    tried: (count) =>
      new Promise((resolve, reject) => {
        waiting.push({ at: answered + failed + count, resolve });
        void loop.ended.then(({ code }) => {
          reject(new Error(`the flow to ${address} ended by itself, with exit code ${code}`));
        });
      }),
    async stop() {
      endGap();
      await kubectl(['-n', from.namespace, 'exec', from.name, '--', 'touch', stopFile]);
      await loop.ended;
      return { answered, failed, longestGapMs };
    },
  };
};
