import path from 'node:path';

/** Of base, components and what is rendered of them. */
export const MANIFESTS = path.join(import.meta.dirname, '../../manifests');

/** What an operator applies. */
export const MANIFEST = path.join(MANIFESTS, 'portcullis.yaml');

export const CLEANUP_MANIFEST = path.join(MANIFESTS, 'cleanup.yaml');

export const AGENT_NAMESPACE = 'kube-system';
export const AGENT = 'daemonset/portcullis';
