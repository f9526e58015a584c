import type { Severity } from '../../check/finding.ts';
import { printable } from '../../model/printable.ts';
import type { PlacedFinding } from './placed-finding.ts';

const COMMAND: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', note: 'notice' };

const escapeData = (text: string): string =>
  text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');

const escapeProperty = (text: string): string => escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');

/**
 * The findings as workflow commands, which GitHub Actions shows beside the lines of a pull request
 * (docs.github.com, "Workflow commands for GitHub Actions").
 */
export const toAnnotations = (findings: readonly PlacedFinding[]): string =>
  findings
    .map(({ severity, file, line, column, code, object, field, message, suggestion }) => {
      const properties = Object.entries({ file, line: String(line), col: String(column), title: code })
        .map(([name, value]) => `${name}=${escapeProperty(printable(value))}`)
        .join(',');
      const said = [object, field, message].filter((part) => part !== undefined).join(': ');
      const data = [said, suggestion]
        .filter((part) => part !== undefined)
        .map(printable)
        .join('\n');
      return `::${COMMAND[severity]} ${properties}::${escapeData(data)}\n`;
    })
    .join('');
