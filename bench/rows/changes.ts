import { setTimeout as delay } from 'node:timers/promises';
import type { AdminClient } from '../../src/lab/apiserver/client.ts';
import { CAST, FRIENDS_AND_FOES, FRIENDS_ONLY, podOf, statusOf } from '../stage/cast.ts';
import { type Flow, nowNs } from '../stage/flow.ts';
import type { BareWatch } from '../stage/bare-watch.ts';
import type { RecordSample, RowId } from './row.ts';

export interface ChangesContext {
  readonly admin: AdminClient;
  /** From the client, a foe. */
  readonly client: Flow;
  /** From the newcomer, a friend once the API knows its pod. */
  readonly newcomer: Flow;
  readonly record: RecordSample;
  readonly watch: BareWatch;
  /** The same, of when a bare watch heard of the change. */
  readonly recordHeard: RecordSample;
}

/** Long enough for what a change leads to afterwards; random, so that samples do not fall in step with timers. */
const rest = (): Promise<void> => delay(100 + Math.random() * 150);

/** One sample of each kind of change. It begins and ends with friends only in force. The clock starts just before the request. */
export const measureChanges = async ({
  admin,
  client,
  newcomer,
  record,
  watch,
  recordHeard,
}: ChangesContext): Promise<void> => {
  const change = async (
    row: RowId,
    flow: Flow,
    state: 'open' | 'closed',
    act: () => Promise<unknown>,
  ): Promise<void> => {
    await rest();
    const heard = watch.expect();
    const since = nowNs();
    await act();
    record(row, await flow.until(state, since));
    recordHeard(row, await heard);
  };
  const label = (role: string) => () => admin.patch(podOf(CAST.client), { metadata: { labels: { role } } });
  const write =
    ({ spec }: { readonly spec: object }) =>
    () =>
      admin.patch(FRIENDS_ONLY, { spec });

  await change('deleted', client, 'open', () => admin.delete(FRIENDS_ONLY));
  await change('created', client, 'closed', () => admin.create(FRIENDS_ONLY));
  await change('widened', client, 'open', write(FRIENDS_AND_FOES));
  await change('narrowed', client, 'closed', write(FRIENDS_ONLY));
  await change('relabelled-in', client, 'open', label('friend'));
  await change('relabelled-out', client, 'closed', label('foe'));

  const pod = podOf(CAST.newcomer);
  await admin.create(pod);
  await change('remote-new', newcomer, 'open', () => admin.patchStatus(pod, statusOf(CAST.newcomer)));
  await change('remote-gone', newcomer, 'closed', () => admin.delete(pod));
};
