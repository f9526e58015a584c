import { beforeAll, describe, expect, test } from '@jest/globals';
import { ATTACKS } from '../catalogue/all.ts';
import { KNOWN_OPEN } from '../known-open.ts';
import { attackSetting } from '../run/attack-setting.ts';
import { faultsOf } from '../run/judge.ts';
import { casesOf, type Row } from '../run/run-attacks.ts';
import { type Setting, settingName } from '../stage/setting.ts';

/** All attacks of a setting take about 10 s; a busy machine may take a multiple of that. */
const SETTING_MS = 300_000;

const keyOf = ({ attack, family }: Pick<Row, 'attack' | 'family'>): string => `${attack} ${family}`;

/** Attacks a cluster, with one test per attack and family. Slow attacks run on request only. */
export const describeSetting = (setting: Setting, slowness: 'quick ones' | 'slow ones too' = 'quick ones'): void => {
  const attacks = ATTACKS.filter(({ slow }) => slow === undefined || slowness === 'slow ones too');
  describe(`on ${settingName(setting)}`, () => {
    let rows: ReadonlyMap<string, Row> = new Map();

    beforeAll(async () => {
      rows = new Map((await attackSetting(setting, attacks)).map((row) => [keyOf(row), row]));
    }, SETTING_MS);

    test.each(casesOf(attacks, setting).map((each) => ({ name: each.attack.name, ...each })))(
      '$name by $family ends as the catalogue says, and its legal twin passes',
      ({ attack, family }) => {
        const row = rows.get(keyOf({ attack: attack.name, family }));
        expect(row === undefined ? ['it was not tried'] : faultsOf(attack, row, KNOWN_OPEN)).toEqual([]);
      },
    );
  });
};
