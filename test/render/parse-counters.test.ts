import { describe, expect, test } from '@jest/globals';
import { bodyOf, refusedPackets } from '../../src/render/parse-counters.ts';

const LISTED = `-N PORTCULLIS-I-abc
-A PORTCULLIS-I-abc -m set --match-set portcullis-4-x src -c 7 420 -j RETURN
-A PORTCULLIS-I-abc -m hashlimit --hashlimit-upto 1/sec --hashlimit-name portcullis-edge -c 2 120 -j NFLOG --nflog-prefix PORTCULLIS-I-abc --nflog-group 20550
-A PORTCULLIS-I-abc -m comment --comment "ingress isolated by shop/web" -c 5 300 -j DROP
`;

describe('what the kernel counted', () => {
  test('the count of refused packets is the drop behind the report, not what is allowed', () => {
    expect(refusedPackets(LISTED, [20_549, 20_550])).toEqual([
      { chain: 'PORTCULLIS-I-abc', prefix: 'PORTCULLIS-I-abc', packets: 5 },
    ]);
  });

  test('the count of refused packets leaves out a chain that reports to others, or to nobody', () => {
    expect(refusedPackets(LISTED, [7])).toEqual([]);
    expect(refusedPackets('-A X -c 5 300 -j DROP\n', [20_550])).toEqual([]);
  });

  test('the count of refused packets of two drops of one chain is their sum', () => {
    const report = '-c 1 60 -j NFLOG --nflog-prefix PORTCULLIS-STRAY --nflog-group 20549';
    const text = ['src', 'dst'].flatMap((side) => [`-A C -m ${side} ${report}`, `-A C -m ${side} -c 4 240 -j DROP`]);
    expect(refusedPackets(text.join('\n'), [20_549])[0]?.packets).toBe(8);
  });

  test('the count of refused packets stands in the body of a chain that has one', () => {
    expect(bodyOf('-N PORTCULLIS-I-abc\n-A PORTCULLIS-I-abc -c 5 300 -g PORTCULLIS-B-def\n')).toBe('PORTCULLIS-B-def');
    expect(bodyOf(LISTED)).toBeUndefined();
  });
});
