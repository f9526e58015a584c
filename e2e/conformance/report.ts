/** The result of one spec of the suite. */
export interface SpecResult {
  readonly name: string;
  readonly passed: boolean;
  readonly seconds: number;
  /** Why it failed, in one line. */
  readonly reason?: string;
}

/** The part of Ginkgo's JSON report that is read (types.Report of ginkgo/v2). */
interface GinkgoReport {
  readonly SpecReports: readonly {
    readonly LeafNodeType: string;
    readonly ContainerHierarchyTexts: readonly string[] | null;
    readonly LeafNodeText: string;
    readonly State: string;
    /** In nanoseconds. */
    readonly RunTime: number;
    readonly Failure?: { readonly Message: string };
  }[];
}

const NANOSECONDS = 1e9;

const firstLine = (text: string): string => text.trim().split('\n', 1)[0] ?? '';

/** States of specs that were not run. */
const LEFT_OUT = ['skipped', 'pending'];

/** Returns the specs that were run, by name. @param text Ginkgo's JSON report: one entry per suite */
export const parseReport = (text: string): readonly SpecResult[] =>
  (JSON.parse(text) as readonly GinkgoReport[])
    .flatMap((suite) => suite.SpecReports)
    .filter(({ LeafNodeType, State }) => LeafNodeType === 'It' && !LEFT_OUT.includes(State))
    .map((spec) => ({
      name: [...(spec.ContainerHierarchyTexts ?? []), spec.LeafNodeText].join(' '),
      passed: spec.State === 'passed',
      seconds: spec.RunTime / NANOSECONDS,
      ...(spec.Failure === undefined ? {} : { reason: `${spec.State}: ${firstLine(spec.Failure.Message)}` }),
    }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));

/** Returns a table for people: one line per spec, and the count at the end. */
export const resultTable = (results: readonly SpecResult[]): string => {
  const lines = results.flatMap(({ name, passed, seconds, reason }) => [
    `${passed ? 'pass' : 'FAIL'} ${seconds.toFixed(1).padStart(6)} s  ${name}`,
    ...(reason === undefined ? [] : [`               ${reason}`]),
  ]);
  const passed = results.filter((result) => result.passed).length;
  return [...lines, `${String(passed)} of ${String(results.length)} specs passed`].join('\n');
};
