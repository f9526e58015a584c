import { setTimeout as delay } from 'node:timers/promises';
import type { AdminClient } from '../../src/lab/apiserver/client.ts';
import { CAST, FRIENDS_AND_FOES, FRIENDS_ONLY, podOf, statusOf } from '../stage/cast.ts';
import { type Flow, nowNs } from '../stage/flow.ts';
import type { BareWatch } from '../stage/bare-watch.ts';
import type { RecordSample, RowId } from './row.ts';

export interface ChangesContext {
  readonly admin: AdminClient;
  /** From the client, which is a foe. */
  readonly client: Flow;
  /** From the newcomer, which is a friend once the API knows its pod. */
  readonly newcomer: Flow;
  readonly record: RecordSample;
  readonly watch: BareWatch;
  /** Records the time at which a bare watch received the change. */
  readonly recordHeard: RecordSample;
}

/** Long enough for follow-up work; random, so that samples do not synchronize with timers. */
const rest = (): Promise<void> => delay(100 + Math.random() * 150);

/**
 * Measures one sample of each kind of change. Begins and ends with the policy for friends only. The clock starts before
 * the request.
 */
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
