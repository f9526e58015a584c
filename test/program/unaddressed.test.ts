import { expect, test } from '@jest/globals';
import { FORWARD_CHAIN } from '../../src/program/names.ts';
import { compileProgram } from '../../src/program/compile-program.ts';
import { compileNodePolicy } from '../../src/policy/compile.ts';
import { ruleArguments } from '../../src/render/rule-text.ts';
import { loadGolden } from '../golden/golden-case.ts';

/** The pods of these cases have only IPv4 addresses. */
const rulesOf = async (name: string, interfaceOf?: (address: string) => string | undefined) => {
  const { snapshot } = await loadGolden(name);
  const { ipv4, ipv6 } = compileProgram(compileNodePolicy(snapshot, 'n1'), { interfaceOf });
  const text = ({ chains }: typeof ipv4): readonly string[] =>
    chains.get(FORWARD_CHAIN)?.rules.map((rule) => ruleArguments(rule).join(' ')) ?? [];
  const closed = (rules: readonly string[]) => rules.filter((rule) => /^-[io] /.test(rule));
  return { ipv4: closed(text(ipv4)), ipv6: closed(text(ipv6)) };
};

const INTERFACES: Readonly<Record<string, string>> = { '10.1.1.10': 'veth10', '10.1.1.11': 'veth11' };
const WHY = '-m comment --comment an isolated pod without an address of this family -j DROP';

test('isolated pods without an IPv6 address receive and send no IPv6 in their isolated directions', async () => {
  expect(await rulesOf('self', (address) => INTERFACES[address])).toEqual({
    ipv4: [],
    ipv6: [`-i veth10 ${WHY}`, `-i veth11 ${WHY}`, `-o veth10 ${WHY}`, `-o veth11 ${WHY}`],
  });
  expect(await rulesOf('deny-egress', (address) => INTERFACES[address])).toEqual({
    ipv4: [],
    ipv6: [`-i veth10 ${WHY}`, `-i veth11 ${WHY}`],
  });
});

test('no interface is closed if it is unknown, or policy allows everything', async () => {
  expect(await rulesOf('self')).toEqual({ ipv4: [], ipv6: [] });
  // All ingress is allowed, and all egress of the first.
  expect(await rulesOf('allow-all', (address) => INTERFACES[address])).toEqual({
    ipv4: [],
    ipv6: [`-i veth11 ${WHY}`],
  });
});
