import { mkdir } from 'node:fs/promises';
import { runAgent } from './agent/run-agent.ts';
import { untilQuiet } from './agent/until-quiet.ts';
import type { BenchOptions, ProfileKind } from './options.ts';
import { measureChurn } from './rows/churn.ts';
import { NODE_ADDRESS } from './stage/cast.ts';
import type { Stage } from './stage/stage.ts';
import { SIZES } from './state/size.ts';

/**
 * Runs our agent under Node's own profiler, through a cold start and some seconds of churn, and writes the profile to the
 * folder of results: Chrome's developer tools and speedscope open .cpuprofile and .heapprofile files.
 */
export const writeProfile = async (
  stage: Stage,
  root: string,
  kind: ProfileKind,
  options: BenchOptions,
): Promise<void> => {
  await mkdir(options.out, { recursive: true });
  const flags = `--${kind}-prof --${kind}-prof-dir=${options.out} --${kind}-prof-name=${options.state}.${kind}profile`;
  const begin = `--snapshot-blob=${root}/dist/agent.blob ${root}/dist/portcullis.js`;
  const command = `${root}/node_modules/node/bin/node ${flags} ${begin} agent --kubeconfig {kubeconfig} --node-name {node} --listen 0 --log-level warn`;
  const agent = await runAgent({ name: 'portcullis', command }, stage.place);
  try {
    await untilQuiet(agent);
    await measureChurn(
      agent,
      { admin: stage.api.admin, size: SIZES[options.state], nodeAddress: NODE_ADDRESS },
      options,
    );
  } finally {
    await agent.stop();
  }
};
