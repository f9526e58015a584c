import { describe, expect, test } from '@jest/globals';
import { type ServiceSpec, serviceRules } from '../../src/lab/service.ts';

const services: readonly ServiceSpec[] = [
  {
    clusterIPs: ['10.96.0.10', 'fd00:10:96::a'],
    ports: [
      {
        protocol: 'TCP',
        port: 80,
        endpoints: [
          { ip: '10.244.1.5', port: 8080 },
          { ip: 'fd00:10:244:1::5', port: 8080 },
          { ip: '10.244.2.7', port: 8080 },
        ],
      },
      { protocol: 'UDP', port: 53, endpoints: [] },
    ],
  },
];

describe('the rules of Services', () => {
  test('the rules of Services distribute IPv4 connections over the endpoints and masquerade hairpins', () => {
    expect(serviceRules('ipv4', services, 'add hooks')).toBe(`*nat
:LAB-SERVICES - [0:0]
:LAB-POSTROUTING - [0:0]
-A LAB-SERVICES -d 10.96.0.10/32 -p tcp -m tcp --dport 80 -m statistic --mode random --probability 0.5000000000 -j DNAT --to-destination 10.244.1.5:8080
-A LAB-SERVICES -d 10.96.0.10/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.244.2.7:8080
-A LAB-POSTROUTING -s 10.244.1.5/32 -d 10.244.1.5/32 -m conntrack --ctstate DNAT -j MASQUERADE
-A LAB-POSTROUTING -s 10.244.2.7/32 -d 10.244.2.7/32 -m conntrack --ctstate DNAT -j MASQUERADE
-A PREROUTING -j LAB-SERVICES
-A OUTPUT -j LAB-SERVICES
-A POSTROUTING -j LAB-POSTROUTING
COMMIT
`);
  });

  test('the rules of Services use the endpoints of their own family, and have their jumps once', () => {
    expect(serviceRules('ipv6', services, 'hooks are there')).toBe(`*nat
:LAB-SERVICES - [0:0]
:LAB-POSTROUTING - [0:0]
-A LAB-SERVICES -d fd00:10:96::a/128 -p tcp -m tcp --dport 80 -j DNAT --to-destination [fd00:10:244:1::5]:8080
-A LAB-POSTROUTING -s fd00:10:244:1::5/128 -d fd00:10:244:1::5/128 -m conntrack --ctstate DNAT -j MASQUERADE
COMMIT
`);
  });
});
