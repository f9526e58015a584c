import path from 'node:path';

export const ROOT = path.join(import.meta.dirname, '../..');

const at = (name: string): string => path.join(ROOT, name);

/** The paths of manifests, the chart and their rendered forms. */
export const PATHS = {
  package: at('package.json'),
  base: at('manifests/base'),
  rendered: at('manifests/portcullis.yaml'),
  cleanup: at('manifests/cleanup.yaml'),
  components: at('manifests/components'),
  /** Alerts as an object of the Prometheus operator, and the dashboard: both are generated. */
  prometheusRule: at('manifests/components/alerts/prometheus-rule.yaml'),
  dashboard: at('manifests/components/dashboard/portcullis.json'),
  chart: at('charts/portcullis'),
  /** The same for the chart, generated as well. */
  chartAlerts: at('charts/portcullis/files/alerts.yaml'),
  chartDashboard: at('charts/portcullis/files/dashboard.json'),
  /** Values with which the chart is rendered for the tests. */
  values: at('test/manifests/values'),
  /** Values that the chart must refuse. */
  refusedValues: at('test/manifests/refused'),
  renderedCharts: at('test/manifests/rendered'),
  /** Digest of the chart and values that were rendered. */
  chartDigest: at('test/manifests/rendered/DIGEST'),
} as const;
