import type { Clock } from '../model/clock.ts';
import type { Company } from './company.ts';

export interface CompanyWatchDeps {
  readonly look: () => Promise<Company>;
  readonly clock: Clock;
  /** Told after the first look, and where there is something else than at the last one. */
  readonly onNews: (company: Company) => void;
}

export interface CompanyWatch {
  /** What was seen last; undefined before the first look. */
  seen(): Company | undefined;
  stop(): void;
}

/** The first look does not stand in the way of the first programming, ms. */
const FIRST_MS = 10_000;
/** Engines come and go with the people who install them, ms. */
const EVERY_MS = 600_000;

export const createCompanyWatch = ({ look, clock, onNews }: CompanyWatchDeps): CompanyWatch => {
  let seen: Company | undefined;
  let stopped = false;
  const note = (company: Company): void => {
    const isNews = JSON.stringify(company) !== JSON.stringify(seen);
    seen = company;
    if (isNews) onNews(company);
  };
  const next = (ms: number): (() => void) =>
    clock.after(ms, () => {
      void look()
        // Enforcement does not depend on it, and the loop tells of a kernel that cannot be read.
        .then(note, () => undefined)
        .then(() => {
          if (!stopped) cancel = next(EVERY_MS);
        });
    });
  let cancel = next(FIRST_MS);
  return {
    seen: () => seen,
    stop() {
      stopped = true;
      cancel();
    },
  };
};
