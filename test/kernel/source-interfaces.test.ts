import { beforeEach, expect, test } from '@jest/globals';
import { createSourceInterfaces, type SourceInterfaces } from '../../src/kernel/source-interfaces.ts';
import type { PodLink } from '../../src/model/pod-link.ts';
import type { PodInterfaces } from '../../src/program/pod-interfaces.ts';
import { createDrivenClock, type DrivenClock } from '../reconcile/driven-clock.ts';

const WEB: PodLink = { ips: ['10.244.1.5'], hostInterface: 'veth0a1b2c3d' };
const APP: PodLink = { ips: ['10.244.1.6'], hostInterface: 'vethdeadbeef' };
const BRIDGED: PodLink = { ips: ['10.244.1.7'], hostInterface: undefined };

let clock: DrivenClock;
let links: readonly PodLink[] | undefined;
let routed: readonly PodLink[];
let uplinks: ReadonlySet<string>;
let refusal: Error | undefined;
let tried: number;
let chosen: PodInterfaces[];
let sources: SourceInterfaces;

const open = (wanted: 'auto' | readonly string[]): void => {
  sources = createSourceInterfaces({
    wanted,
    links: () => links,
    routes: () =>
      Promise.resolve({
        uplinks,
        toAddress: new Map(routed.flatMap(({ ips, hostInterface = '' }) => ips.map((ip) => [ip, hostInterface]))),
        interfaces: new Set([WEB, APP].map(({ hostInterface = '' }) => hostInterface)),
      }),
    tryOut() {
      tried += 1;
      return refusal === undefined ? Promise.resolve() : Promise.reject(refusal);
    },
    clock,
    onChosen: (each) => chosen.push(each),
  });
  sources.start();
};

const note = async (...now: readonly PodLink[]): Promise<void> => {
  links = now;
  sources.note();
  await clock.settle();
};

const interfaces = (): readonly string[] => sources.chosen().interfaces;

beforeEach(() => {
  clock = createDrivenClock();
  links = undefined;
  routed = [WEB, APP];
  uplinks = new Set(['eth0']);
  refusal = undefined;
  tried = 0;
  chosen = [];
});

test('no interface is chosen before it is known how pods are attached', async () => {
  open('auto');
  await clock.pass(1000);
  expect(sources.hasChosen()).toBe(false);
  links = [WEB];
  await clock.pass(100);
  expect(sources.hasChosen()).toBe(true);
  expect(chosen).toEqual([{ interfaces: ['veth+'], reason: undefined }]);
});

test('interfaces are chosen with the node’s first pod, and kept after the last one', async () => {
  links = [];
  open('auto');
  await clock.settle();
  expect(chosen).toEqual([{ interfaces: [], reason: 'no pod is known yet' }]);
  await note(WEB);
  expect(interfaces()).toEqual(['veth+']);
  await note(WEB, APP);
  await note();
  expect(chosen).toHaveLength(2);
  expect([interfaces(), tried]).toEqual([['veth+'], 1]);
});

test('interfaces stay if a pod’s routes go shortly before the pod does, and change if a pod has none for long', async () => {
  links = [WEB, APP];
  open('auto');
  await clock.settle();
  routed = [WEB];
  await note(WEB, APP);
  await note(WEB);
  await clock.pass(5000);
  expect(chosen).toHaveLength(1);
  await note(WEB, APP);
  expect(interfaces()).toEqual(['veth+']);
  await clock.pass(5000);
  expect(sources.chosen()).toEqual({
    interfaces: [],
    reason: '10.244.1.6 is not routed to vethdeadbeef, where its pod is',
  });
  routed = [WEB, APP];
  await clock.pass(60_000);
  expect(interfaces()).toEqual(['veth+']);
});

test('interfaces of pods on a bridge are not chosen', async () => {
  links = [WEB, BRIDGED];
  open('auto');
  await clock.settle();
  expect([interfaces(), tried]).toEqual([[], 0]);
});

test('a kernel without the rule for source validation gets none, and is tried again later', async () => {
  refusal = new Error('No such file or directory');
  links = [WEB];
  open('auto');
  await clock.settle();
  expect(chosen).toEqual([{ interfaces: [], reason: 'the kernel does not take the rule: No such file or directory' }]);
  refusal = undefined;
  await clock.pass(60_000);
  expect(interfaces()).toEqual(['veth+']);
});

test('configured interfaces are used as they are, except for an uplink', async () => {
  links = [];
  open(['cni0', 'eth+']);
  await clock.settle();
  expect(chosen).toEqual([
    { interfaces: ['cni0'], reason: 'eth+ would match eth0, by which other machines are reached' },
  ]);
  uplinks = new Set(['bond0']);
  await clock.pass(60_000);
  expect(interfaces()).toEqual(['cni0', 'eth+']);
});

test('no interface is chosen after the end', async () => {
  open('auto');
  sources.stop();
  links = [WEB];
  await clock.pass(120_000);
  expect(chosen).toEqual([]);
  expect(clock.nextIn()).toBeUndefined();
});
