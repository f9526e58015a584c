import { type Connection, connectionsOf, expectReading, type Judge } from './judge.ts';
import type { Outcome, ProbeProtocol, ProbeTarget } from './pod-protocol.ts';
import { disagrees, type Reading } from './reading.ts';
import type { Stage } from './stage.ts';
import type { World } from './world.ts';

/** First wait before silence counts as refusal: short, since it settles most connections. */
const FIRST_TIMEOUT_MS = 400;
/** Longer wait of the second attempt where the kernel seems to disagree: the machine may only be busy. */
const AGAIN_TIMEOUT_MS = 1_500;
const MOST_ROUNDS = 4;

interface Attempt {
  readonly connection: Connection;
  readonly reading: Reading;
}

const targetOf = ({ connection: { targetIp, port } }: Attempt, protocol: ProbeProtocol): ProbeTarget => ({
  protocol,
  ip: targetIp,
  port: port.port,
});

const probeFrom = async (
  stage: Stage,
  source: string,
  attempts: readonly Attempt[],
  timeoutMs: number,
): Promise<readonly Attempt[]> => {
  const targets = attempts.flatMap((attempt) => {
    const { protocol } = attempt.connection.port;
    return protocol === 'SCTP' ? [] : [targetOf(attempt, protocol)];
  });
  const outcomes: readonly Outcome[] = (await stage.actor(source)?.process.probe(targets, timeoutMs)) ?? [];
  return attempts.map(({ connection, reading }, index) => ({
    connection,
    reading: { ...reading, measured: outcomes[index] ?? 'unsettled' },
  }));
};

/** Tries each connection once, all sources at the same time. */
const probeAll = async (stage: Stage, attempts: readonly Attempt[], timeoutMs: number): Promise<readonly Attempt[]> => {
  const bySource = Map.groupBy(attempts, ({ connection }) => connection.source.name);
  const answers = await Promise.all(
    [...bySource].map(([source, ofSource]) => probeFrom(stage, source, ofSource, timeoutMs)),
  );
  return answers.flat();
};

const orderOf = (connections: readonly Connection[]): ReadonlyMap<Connection, number> =>
  new Map(connections.map((connection, index) => [connection, index]));

/** Returns the expected result of every connection of a world before it is measured. */
export const expectAll = (world: World, judge: Judge): readonly Reading[] =>
  connectionsOf(world).map((connection) => expectReading(judge, connection));

/**
 * Tries every connection of the world on the stage. If the kernel disagrees with the policies, it is measured again,
 * and the last result counts.
 */
export const measureAll = async (stage: Stage, world: World, judge: Judge): Promise<readonly Reading[]> => {
  const connections = connectionsOf(world);
  const attempts = connections.map((connection) => ({ connection, reading: expectReading(judge, connection) }));
  const silent = attempts.filter(({ reading }) => reading.measured === 'not probed');
  let settled: readonly Attempt[] = silent;
  let open: readonly Attempt[] = attempts.filter((attempt) => !silent.includes(attempt));
  for (let round = 1; open.length > 0; round += 1) {
    const seen = await probeAll(stage, open, round === 1 ? FIRST_TIMEOUT_MS : AGAIN_TIMEOUT_MS);
    const last = round === MOST_ROUNDS;
    settled = [...settled, ...seen.filter(({ reading }) => last || !disagrees(reading))];
    open = last ? [] : seen.filter(({ reading }) => disagrees(reading));
  }
  const order = orderOf(connections);
  const place = ({ connection }: Attempt): number => order.get(connection) ?? 0;
  return settled.toSorted((a, b) => place(a) - place(b)).map(({ reading }) => reading);
};
