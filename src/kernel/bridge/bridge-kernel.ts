import { discoveryFrame } from '../../bridge/discovery-frames.ts';
import type { Clock } from '../../model/clock.ts';
import type { BridgeKernel } from '../../reconcile/bridge-kernel.ts';
import type { CommandRunner } from '../command.ts';
import type { StartCompanion } from '../companion.ts';
import { type BridgeTable, createBridgeTable } from './bridge-table.ts';
import { createLinkWatch, type LinkNews } from './link-watch.ts';
import { readBridges } from './read-bridges.ts';
import { sendFrames } from './send-frames.ts';

export interface BridgeKernelDeps {
  readonly runner: CommandRunner;
  readonly start: StartCompanion;
  readonly clock: Pick<Clock, 'now'>;
}

export interface NodeBridgeKernel extends BridgeKernel, BridgeTable {
  stop(): void;
}

/** Creates access to the bridges of the current network namespace. */
export const createBridgeKernel = ({ runner, start, clock }: BridgeKernelDeps, news: LinkNews): NodeBridgeKernel => {
  const newWatch = () => createLinkWatch(start, clock.now, news);
  let watch = newWatch();
  return {
    ...createBridgeTable(runner),
    look: (named, addresses) => readBridges(() => watch.list(), named, addresses),
    ask: (questions) =>
      sendFrames(
        runner,
        questions.map((question) => ({ bridge: question.bridge, frame: discoveryFrame(question) })),
      ),
    isListening: () => watch.listensSince() !== undefined,
    rest() {
      watch.stop();
      watch = newWatch();
    },
    stop() {
      watch.stop();
    },
  };
};
