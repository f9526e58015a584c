/** A package that dpkg has installed. */
export interface DebianPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
}

/** Returns the value of a field that is on one line. */
const field = (paragraph: string, name: string): string | undefined =>
  new RegExp(`^${name}: (.+)$`, 'm').exec(paragraph)?.[1];

/** Parses /var/lib/dpkg/status (dpkg(1), deb-control(5)): the installed packages. */
export const parseDpkgStatus = (text: string): readonly DebianPackage[] =>
  text.split(/\n{2,}/).flatMap((paragraph) => {
    const name = field(paragraph, 'Package');
    const version = field(paragraph, 'Version');
    const architecture = field(paragraph, 'Architecture');
    const installed = field(paragraph, 'Status')?.endsWith(' installed') ?? false;
    if (!installed || name === undefined || version === undefined || architecture === undefined) return [];
    return [{ name, version, architecture }];
  });
