import path from 'node:path';

/** The folder of the base, the components and their rendered forms. */
export const MANIFESTS = path.join(import.meta.dirname, '../../manifests');

/** The manifest that an operator applies. */
export const MANIFEST = path.join(MANIFESTS, 'portcullis.yaml');

export const CLEANUP_MANIFEST = path.join(MANIFESTS, 'cleanup.yaml');

export const AGENT_NAMESPACE = 'kube-system';
export const AGENT = 'daemonset/portcullis';
