import { prepareSandbox } from '../../../src/lab/sandbox.ts';
import { createCommandRunner } from '../../../src/kernel/command.ts';
import { ATTACKS } from '../catalogue/all.ts';
import { openStage } from '../stage/stage.ts';
import type { Families, Network } from '../stage/setting.ts';
import type { IptablesBackend } from '../../../src/lab/settings.ts';
import { faultsOf } from './judge.ts';
import { runAttacks } from './run-attacks.ts';
await prepareSandbox(createCommandRunner());
const [network, families, backend, only = ''] = process.argv.slice(2) as [Network, Families, IptablesBackend, string];
const t0 = performance.now();
const stage = await openStage({ network, families, backend });
console.log('open', performance.now() - t0);
try {
  const attacks = ATTACKS.filter((a) => a.name.includes(only));
  const rows = await runAttacks(stage, attacks);
  const byName = new Map(attacks.map((a) => [a.name, a]));
  for (const row of rows) {
    const a = byName.get(row.attack);
    if (a === undefined) continue;
    const f = faultsOf(a, row, []);
    console.log(`${row.attack.padEnd(40)} ${row.family} off=${row.off ? 'Y' : '-'} on=${row.on ? 'LEAK' : '-'} twin=${row.twin ? 'Y' : 'LOST'} ${f.join('; ')}`);
  }
} catch (e) { console.log(e); console.log(stage.agents()?.node1.log()); }
finally { await stage.close(); }
console.log('total', performance.now() - t0);
