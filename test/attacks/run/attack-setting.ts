import { openStage } from '../stage/stage.ts';
import type { Setting } from '../stage/setting.ts';
import type { Attack } from './attack.ts';
import { type Row, runAttacks } from './run-attacks.ts';
import { messageOf } from '../../../src/model/message-of.ts';

/** Builds a cluster, attacks it without and with agents, and removes it. @throws with the agents' logs if that fails */
export const attackSetting = async (setting: Setting, attacks: readonly Attack[]): Promise<readonly Row[]> => {
  const stage = await openStage(setting);
  try {
    return await runAttacks(stage, attacks);
  } catch (cause) {
    const logs = Object.entries(stage.agents() ?? {}).map(([node, agent]) => `${node}:\n${agent.log()}`);
    throw new Error(`${messageOf(cause)}\n${logs.join('\n')}`, { cause });
  } finally {
    await stage.close();
  }
};
