import { describe, expect, test } from '@jest/globals';
import {
  ALL_PORTS,
  describePorts,
  intersectPorts,
  isAll,
  isEmpty,
  NO_PORTS,
  type PortSet,
  unitePorts,
} from '../../src/trace/port-set.ts';

const tcp = (...pairs: readonly (readonly [number, number])[]): PortSet => ({
  ...NO_PORTS,
  TCP: pairs.map(([from, to]) => ({ from, to })),
});
const udp = (port: number): PortSet => ({ ...NO_PORTS, UDP: [{ from: port, to: port }] });

describe('union', () => {
  test('the union joins ranges that overlap or touch, and sorts them', () => {
    expect(unitePorts([tcp([443, 443]), tcp([80, 90]), tcp([91, 95]), tcp([85, 86])])).toEqual(
      tcp([80, 95], [443, 443]),
    );
  });

  test('the union keeps protocols apart', () => {
    expect(describePorts(unitePorts([tcp([80, 80]), udp(53)]))).toBe('TCP 80 UDP 53');
  });

  test('the union with everything is everything; of nothing is nothing', () => {
    expect(unitePorts([tcp([1, 2]), ALL_PORTS])).toEqual(ALL_PORTS);
    expect(unitePorts([])).toEqual(NO_PORTS);
  });
});

describe('intersection', () => {
  test('the intersection has what both have', () => {
    expect(intersectPorts(tcp([1, 100], [200, 300]), tcp([50, 250]))).toEqual(tcp([50, 100], [200, 250]));
    expect(isEmpty(intersectPorts(tcp([1, 100]), udp(50)))).toBe(true);
  });

  test('the intersection with everything changes nothing', () => {
    expect(intersectPorts(ALL_PORTS, tcp([80, 80]))).toEqual(tcp([80, 80]));
    expect(intersectPorts(tcp([80, 80]), ALL_PORTS)).toEqual(tcp([80, 80]));
  });
});

test('every port of every protocol that NetworkPolicy can name is not everything: ICMP is missing', () => {
  const named = { ...ALL_PORTS, other: false };
  expect([isAll(ALL_PORTS), isAll(named)]).toEqual([true, false]);
  expect(describePorts(named)).toBe('TCP UDP SCTP');
});

test.each([
  [ALL_PORTS, 'all'],
  [NO_PORTS, 'none'],
  [tcp([80, 80], [443, 443], [8000, 8010]), 'TCP 80,443,8000-8010'],
  [{ ...udp(53), SCTP: ALL_PORTS.SCTP }, 'UDP 53 SCTP'],
  [{ ...NO_PORTS, other: true }, 'other protocols'],
])('a port set is described as text: %# is %s', (ports, text) => {
  expect(describePorts(ports)).toBe(text);
});
