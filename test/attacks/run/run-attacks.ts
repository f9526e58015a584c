import type { IpFamily } from '../../../src/model/family.ts';
import type { Machine } from '../stage/cast.ts';
import { familiesOf, type Setting } from '../stage/setting.ts';
import type { Stage } from '../stage/stage.ts';
import type { Attack, Course } from './attack.ts';
import { awaitPassage } from './passage.ts';
import { createPlay } from './play.ts';

/** The outcome of one attack in one family. */
export interface Row extends Setting {
  readonly attack: string;
  readonly family: IpFamily;
  /** Whether it arrived without agents, and with them; whether the twin arrived with them. */
  readonly off: boolean;
  readonly on: boolean;
  readonly twin: boolean;
  readonly seconds: number;
}

/** An attack in one family, as a setting runs it. */
export interface Case {
  readonly attack: Attack;
  readonly family: IpFamily;
}

/** Tries up to this many at a time, so that what arrives fits in the buffers of one station. */
const BATCH = 12;
/** A busy machine may lose a packet that must arrive: it is tried up to this many times. */
const TRIES = 3;

/** Returns the attacks that apply to a setting, in each family. */
export const casesOf = (attacks: readonly Attack[], { network, families }: Setting): readonly Case[] => {
  const own = familiesOf(families);
  return attacks
    .filter((attack) => attack.networks.includes(network))
    .flatMap((attack) => {
      if (attack.slow && families !== 'dual') return [];
      if (attack.slow) return attack.families.slice(0, 1).map((family) => ({ attack, family }));
      const runs = attack.foreign ? attack.families.filter((family) => !own.includes(family)) : own;
      return attack.families.filter((family) => runs.includes(family)).map((family) => ({ attack, family }));
    });
};

const twinOf = (attack: Attack): Course => {
  const { form, from, to, sense } = attack;
  const twin = { form, from, to, ...(sense !== undefined && { sense }), ...attack.twin };
  const at = attack.twin.at ?? (attack.twin.to === undefined ? attack.at : undefined);
  return at === undefined ? twin : { ...twin, at };
};

/** A course in one family. */
interface Trial {
  readonly course: Course;
  readonly family: IpFamily;
}

const receiversOf = ({ at = [], to }: Course): readonly Machine[] => {
  const named = typeof at === 'string' ? [at] : at;
  return named.length === 0 ? [to] : named;
};

/** Runs courses side by side. @returns which of them arrived */
const tryCourses = async (stage: Stage, courses: readonly Trial[]): Promise<readonly boolean[]> => {
  const senders = new Set<Machine>();
  const plays = await Promise.all(
    courses.map(async ({ course, family }) => {
      const play = createPlay(stage, family, senders);
      await course.form(play, course.from, course.to);
      return play;
    }),
  );
  await awaitPassage(stage, senders, new Set(courses.flatMap(({ course }) => receiversOf(course))));
  return courses.map(({ course }, at) =>
    receiversOf(course).some((receiver) =>
      stage.stations[receiver].has(plays[at]?.token ?? '', course.sense ?? 'wire'),
    ),
  );
};

/** As `tryCourses`, but retries those that should have arrived and did not. */
const tryWanted = async (stage: Stage, courses: readonly Trial[]): Promise<readonly boolean[]> => {
  let arrived = await tryCourses(stage, courses);
  for (let tries = 1; tries < TRIES && arrived.includes(false); tries += 1) {
    const missing = courses.filter((_course, at) => !arrived[at]);
    const again = [...(await tryCourses(stage, missing))];
    arrived = arrived.map((each) => each || again.shift() === true);
  }
  return arrived;
};

const batches = <T>(all: readonly T[]): readonly (readonly T[])[] =>
  Array.from({ length: Math.ceil(all.length / BATCH) }, (_, at) => all.slice(at * BATCH, (at + 1) * BATCH));

interface Seen {
  readonly arrived: readonly boolean[];
  readonly twins: readonly boolean[];
  readonly seconds: number;
}

/** Runs some cases, and with agents also their twins. */
const runSome = async (stage: Stage, cases: readonly Case[], withTwins: boolean): Promise<Seen> => {
  const startedAt = performance.now();
  const courses: readonly Trial[] = cases.map(({ attack, family }) => ({ course: attack, family }));
  const arrived = withTwins ? await tryCourses(stage, courses) : await tryWanted(stage, courses);
  const twins = withTwins
    ? await tryWanted(
        stage,
        cases.map(({ attack, family }) => ({ course: twinOf(attack), family })),
      )
    : [];
  return { arrived, twins, seconds: (performance.now() - startedAt) / 1000 };
};

/** The results of each case in one phase. */
type Phase = ReadonlyMap<Case, { readonly arrived: boolean; readonly twin: boolean; readonly seconds: number }>;

const runPhase = async (stage: Stage, cases: readonly Case[], withTwins: boolean): Promise<Phase> => {
  const phase = new Map<Case, { arrived: boolean; twin: boolean; seconds: number }>();
  const note = (some: readonly Case[], seen: Seen): void => {
    for (const [at, each] of some.entries()) {
      phase.set(each, {
        arrived: seen.arrived[at] ?? false,
        twin: seen.twins[at] ?? false,
        seconds: seen.seconds / some.length,
      });
    }
  };
  for (const [ground, on] of Map.groupBy(cases, ({ attack }) => attack.ground)) {
    await ground?.lay(stage);
    for (const some of batches(on.filter(({ attack }) => attack.alone === undefined))) {
      note(some, await runSome(stage, some, withTwins));
    }
    for (const each of on.filter(({ attack }) => attack.alone !== undefined)) {
      note([each], await runSome(stage, [each], withTwins));
      await stage.forget();
    }
    await ground?.lift(stage);
  }
  return phase;
};

/** Runs all attacks that apply to a stage, first without agents and then with them. */
export const runAttacks = async (stage: Stage, attacks: readonly Attack[]): Promise<readonly Row[]> => {
  const { setting } = stage.scene;
  const cases = casesOf(attacks, setting);
  await stage.forget();
  const off = await runPhase(stage, cases, false);
  await stage.forget();
  await stage.startAgents();
  const on = await runPhase(stage, cases, true);
  return cases.map((each) => ({
    ...setting,
    attack: each.attack.name,
    family: each.family,
    off: off.get(each)?.arrived ?? false,
    on: on.get(each)?.arrived ?? false,
    twin: on.get(each)?.twin ?? false,
    seconds: (off.get(each)?.seconds ?? 0) + (on.get(each)?.seconds ?? 0),
  }));
};
