import { describe, expect, test } from '@jest/globals';
import { jumpsTwiceIn, legacyLines, rulesetLines } from '../../support/lab/ruleset-lines.ts';
import { differenceOf } from './node-state.ts';

const RULESET = `table ip security {
	chain PORTCULLIS-FORWARD {
		ct state established counter return
	}

	chain FORWARD {
		type filter hook forward priority 150; policy accept;
		counter jump PORTCULLIS-FORWARD
	}
}
table inet fw {
	set some {
		type ipv4_addr
	}

	chain forward {
		type filter hook forward priority 10; policy accept;
	}
}
`;

describe('what a node holds', () => {
  test('the node state is each line of a ruleset with its table and block, without what iptables creates on each call', () => {
    expect(rulesetLines(RULESET)).toEqual([
      'ip security chain PORTCULLIS-FORWARD: ct state established counter return',
      'ip security chain FORWARD: counter jump PORTCULLIS-FORWARD',
      'inet fw set some',
      'inet fw set some: type ipv4_addr',
      'inet fw chain forward',
      'inet fw chain forward: type filter hook forward priority 10; policy accept;',
    ]);
  });

  test('the node state is each rule of iptables-legacy with its table', () => {
    expect(legacyLines('ipv4', '*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -j X\nCOMMIT\n')).toEqual([
      'ipv4 legacy raw -A PREROUTING -j X',
    ]);
  });

  test('node states differ if one has a line more often', () => {
    expect(differenceOf('rules', ['a', 'b'], ['b', 'a'])).toEqual([]);
    expect(differenceOf('rules', ['a', 'a'], ['a'])).toEqual(['rules (1 lines): + a']);
    expect(differenceOf('rules', ['a'], ['a', 'b'])).toEqual(['rules (1 lines): - b']);
  });

  test('the node state has a jump twice only if a hook leads to one of our chains twice', () => {
    const jump = 'ip security chain FORWARD: counter jump PORTCULLIS-FORWARD';
    expect(
      jumpsTwiceIn([jump, 'ip security chain PORTCULLIS-X: drop', 'ip security chain PORTCULLIS-X: drop']),
    ).toEqual([]);
    expect(jumpsTwiceIn([jump, jump])).toEqual([jump]);
    const legacy = 'ipv4 legacy security -A FORWARD -j PORTCULLIS-FORWARD';
    expect(jumpsTwiceIn([legacy, legacy])).toEqual([legacy]);
  });
});
