import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { cniResultFile, cniResultText } from '../../test/support/cni/cni-result.ts';
import type { Beat } from '../../test/support/lab/prober.ts';
import { ARRIVAL_WAITS_AT, CAST, podOf, SERVED_PORT, statusOf } from '../stage/cast.ts';
import { type Flow, flowFrom, nowNs } from '../stage/flow.ts';
import type { Stage } from '../stage/stage.ts';
import type { RecordSample } from './row.ts';

const NS_PER_MS = 1e6;
/** How long packets are watched after the API knows the pod and its friend reaches it, to detect late leaks. */
const AFTERWARDS_MS = 200;

/** Returns the milliseconds from the first answered packet to the last; 0 without any. */
const answeredFor = (beats: readonly Beat[]): number => {
  const answered = beats.filter((beat) => beat.answered);
  const [first] = answered;
  const last = answered.at(-1);
  return first === undefined || last === undefined ? 0 : Math.max(1, (last.sentNs - first.sentNs) / NS_PER_MS);
};

const uidOf = async ({ api: { admin } }: Stage): Promise<string> => {
  const { namespace, name } = CAST.arrival;
  const pod = (await admin.get(`/api/v1/namespaces/${namespace}/pods/${name}`)) as { metadata: { uid: string } };
  return pod.metadata.uid;
};

/** Starts a pod on our node in a kubelet's order: the object, the network plugin's result, the link, the status. */
const measureOne = async (stage: Stage, friend: Flow, foe: Flow, record: RecordSample): Promise<void> => {
  const { arrival } = CAST;
  const { admin } = stage.api;
  const pod = podOf(arrival);
  await admin.create(pod);
  const parts = { uid: await uidOf(stage), addresses: [`${arrival.ip}/24`] };
  const file = path.join(stage.place.cniResults, cniResultFile(parts));
  await delay(100 + Math.random() * 150);
  const attachedFrom = nowNs();
  await writeFile(file, cniResultText(parts));
  await stage.lab.setPodIps(arrival.netns, [arrival.ip]);
  const toldFrom = nowNs();
  await admin.patchStatus(pod, statusOf(arrival));
  record('local-allowed', await friend.until('open', toldFrom));
  await delay(AFTERWARDS_MS);
  record('local-forbidden', answeredFor(await foe.since(attachedFrom)));
  await admin.delete(pod);
  await rm(file);
  await stage.lab.setPodIps(arrival.netns, [ARRIVAL_WAITS_AT]);
  await friend.until('closed', nowNs());
};

/** Measures new pods on our node, which policies isolate from the start. The friend's pod exists meanwhile. */
export const measureArrivals = async (stage: Stage, cycles: number, record: RecordSample): Promise<void> => {
  const { arrival, client, newcomer } = CAST;
  const { admin } = stage.api;
  const to = { ip: arrival.ip, port: SERVED_PORT };
  await admin.create(podOf(newcomer));
  await admin.patchStatus(podOf(newcomer), statusOf(newcomer));
  const friend = await flowFrom(stage.prober, newcomer, to);
  const foe = await flowFrom(stage.prober, client, to);
  try {
    for (let cycle = 0; cycle < cycles; cycle += 1) await measureOne(stage, friend, foe, record);
  } finally {
    await friend.end();
    await foe.end();
    await admin.delete(podOf(newcomer));
  }
};
