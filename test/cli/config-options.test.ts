import { expect, test } from '@jest/globals';
import { Command } from 'commander';
import { addConfigOptions } from '../../src/cli/config-options.ts';
import { parseConfig } from '../../src/config/parse-config.ts';
import { DEFAULT_LIMITS } from '../../src/policy/limits.ts';
import { SETTINGS } from '../../src/config/settings.ts';

const declare = (): Command => {
  const command = new Command('agent');
  addConfigOptions(command);
  return command;
};

test('a typed option sets the setting of the same name', () => {
  const typed = [
    ['--in-cluster'],
    ['--node-name', 'n1'],
    ['--listen', ':80'],
    ['--health-file', '/run/health'],
    ['--metrics-auth', 'kubernetes'],
    ['--tls-cert', 'c'],
    ['--tls-key', 'k'],
    ['--log-format', 'text'],
    ['--log-level', 'warn'],
    ['--iptables-backend', 'nft'],
    ['--ip-families', 'ipv4'],
    ['--drift-interval', '1s'],
    ['--xtables-wait', '7'],
    ['--cni-results', '/run/results'],
    ['--cni-socket', '/run/portcullis/cni.sock'],
    ['--pod-condition', 'gated'],
    ['--gate', 'all'],
    ['--events', 'off'],
    ['--anti-spoofing', 'off'],
    ['--nflog-group', '7'],
    ['--records', 'off'],
    ['--records-dir', '/run/records'],
    ['--denied-events', 'on'],
    ['--on-deny', 'reject'],
    ['--limits', 'node-rules=77'],
  ];
  const command = declare().parse(typed.flat(), { from: 'user' });
  expect(parseConfig(command.opts(), {})).toEqual({
    source: { kind: 'in-cluster' },
    nodeName: 'n1',
    listen: { host: undefined, port: 80 },
    healthFile: '/run/health',
    metricsAuth: 'kubernetes',
    tls: { cert: 'c', key: 'k' },
    logFormat: 'text',
    logLevel: 'warn',
    iptablesBackend: 'nft',
    ipFamilies: ['ipv4'],
    driftIntervalMs: 1000,
    xtablesWaitSeconds: 7,
    cniResults: '/run/results',
    cniSocket: '/run/portcullis/cni.sock',
    podCondition: 'gated',
    gate: 'all',
    events: 'off',
    antiSpoofing: 'off',
    deniedLog: { group: 7 },
    records: false,
    recordsDir: '/run/records',
    deniedEvents: true,
    onDeny: 'reject',
    limits: { ...DEFAULT_LIMITS, node: { ...DEFAULT_LIMITS.node, rules: 77 } },
  });
});

test('an option that is not typed leaves the setting to the environment', () => {
  expect(declare().parse([], { from: 'user' }).opts()).toEqual({});
});

test('the parser names its options like the settings', () => {
  expect(declare().options.map((option) => option.attributeName())).toEqual(Object.keys(SETTINGS));
});

test('the help shows the default and the variable of a setting', () => {
  expect(declare().helpInformation().replaceAll(/\s+/g, ' ')).toContain(
    '--drift-interval <DURATION> time between two checks of the kernel for changes by other programs (default 2s; PORTCULLIS_DRIFT_INTERVAL)',
  );
});
