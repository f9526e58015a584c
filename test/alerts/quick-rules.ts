import type { Alert } from '../../scripts/manifests/monitoring/alerts.ts';

const FASTER: Readonly<Record<string, string>> = { m: 's', h: 'm' };

/** Turns minutes into seconds and hours into minutes, in windows, offsets and `for`. Thresholds stay. */
const quicker = (text: string): string =>
  text.replace(/(?<=\[|offset )(\d+)([mh])\b/g, (_, count: string, unit: string) => `${count}${FASTER[unit] ?? unit}`);

/** Returns the alerts as a test can wait for them. */
export const quickAlerts = (alerts: readonly Alert[]): readonly Alert[] =>
  alerts.map((alert) => ({ ...alert, expr: quicker(alert.expr), for: alert.for.replace('m', 's') }));
