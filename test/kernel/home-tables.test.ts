import { chmod, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { cleanUp, removeFolder } from '../support/clean-up.ts';
import { allowPort } from './faults/namespace-agents.ts';
import { useGovernedNamespace } from './faults/use-governed-namespace.ts';

/** The message of iptables-legacy on a kernel without iptable_security. */
const TOOL = `#!/bin/sh
PATH=\${PATH#*:}
case "$*" in *'-t security'*)
  echo "\${0##*/} v1.8.9 (legacy): Cannot initialize: Table does not exist (do you need to insmod?)" >&2
  exit 1 ;;
esac
exec "\${0##*/}" "$@"
`;

describe('kernels without a security table', () => {
  const space = useGovernedNamespace('legacy');
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'portcullis-home-'));
    for (const tool of ['iptables-legacy-save', 'ip6tables-legacy-save']) {
      await writeFile(path.join(folder, tool), TOOL);
      await chmod(path.join(folder, tool), 0o755);
    }
  });

  afterEach(() => cleanUp(() => removeFolder(folder)));

  const saved = (table: string): Promise<string> => space().run('iptables-legacy-save', '-t', table);

  test('policy is judged in the filter table, which is logged once, and an agent with a security table adopts it', async () => {
    const env = { PATH: `${folder}:${process.env['PATH'] ?? ''}` };
    const agent = await space().start({ env });
    await space().untilReady();
    await agent.says(/no security table \(iptable_security\): policy is judged in the filter table/);
    expect(await saved('filter')).toMatch(/-A FORWARD -j PORTCULLIS-FORWARD\n[^]*--dport 80 -j RETURN/);
    expect(JSON.parse(await space().run('curl', '-s', '127.0.0.1:9577/status'))).toMatchObject({
      tables: { ipv4: 'filter', ipv6: 'filter' },
    });
    // Changes and repairs work as elsewhere.
    await space().run('iptables-legacy', '-w', '-I', 'FORWARD', '-j', 'ACCEPT');
    await agent.says(/rules were put before our jump in: FORWARD/);
    await space().write('policy.yaml', allowPort(81));
    await agent.says(/another program changed our rules or sets; they were repaired/);
    await expect(saved('filter')).resolves.toMatch(/-A FORWARD -j PORTCULLIS-FORWARD\n-A FORWARD -j ACCEPT\n/);
    await agent.stop();
    expect(agent.log().match(/no security table/g)).toHaveLength(1);

    await space().start();
    await space().untilReady();
    await space().untilRules('the rules in the security table', /--dport 81 -j RETURN/);
    expect(await saved('filter')).not.toContain('PORTCULLIS');
    expect(await saved('security')).toContain('-A FORWARD -j PORTCULLIS-FORWARD\n');
  });
});
