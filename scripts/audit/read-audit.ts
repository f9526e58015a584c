/** A known vulnerability of one of the agent's packages. */
export interface Vulnerability {
  readonly package: string;
  /** The affected versions. */
  readonly range: string;
  /** `info`, `low`, `moderate`, `high` or `critical`. */
  readonly severity: string;
  /** One line each; empty if another package brings it in. */
  readonly advisories: readonly string[];
}

/** The result of `npm audit`. */
export type Audit =
  | { readonly kind: 'clean'; readonly packages: number }
  | { readonly kind: 'vulnerable'; readonly found: readonly Vulnerability[] }
  /** The registry did not answer, which says nothing about the packages. */
  | { readonly kind: 'not done'; readonly reason: string };

interface NpmAdvisory {
  readonly title: string;
  readonly url: string;
}

interface NpmVulnerability {
  readonly name: string;
  readonly severity: string;
  readonly range: string;
  readonly via: readonly (string | NpmAdvisory)[];
}

/** The part of `npm audit --json` that is read (npm-audit(1), auditReportVersion 2). */
interface NpmReport {
  readonly auditReportVersion?: number;
  readonly vulnerabilities?: Readonly<Record<string, NpmVulnerability>>;
  readonly metadata?: { readonly dependencies?: { readonly prod?: number } };
  readonly message?: string;
  readonly error?: { readonly code?: string; readonly summary?: string };
}

const parse = (text: string): NpmReport | undefined => {
  try {
    return JSON.parse(text) as NpmReport;
  } catch {
    return undefined;
  }
};

const isAdvisory = (via: string | NpmAdvisory): via is NpmAdvisory => typeof via !== 'string';

/** @param text standard output of `npm audit --json`, whatever its exit code */
export const readAudit = (text: string): Audit => {
  const report = parse(text);
  const { vulnerabilities } = report ?? {};
  if (report?.auditReportVersion === undefined || vulnerabilities === undefined) {
    const said = [report?.message, report?.error?.summary, report?.error?.code].find(
      (part) => part !== undefined && part !== '',
    );
    return { kind: 'not done', reason: said ?? 'npm audit did not answer' };
  }
  const found = Object.values(vulnerabilities).map(
    ({ name, range, severity, via }): Vulnerability => ({
      package: name,
      range,
      severity,
      advisories: via.filter(isAdvisory).map(({ title, url }) => `${title} (${url})`),
    }),
  );
  return found.length === 0
    ? { kind: 'clean', packages: report.metadata?.dependencies?.prod ?? 0 }
    : { kind: 'vulnerable', found };
};
