import { templatesOf } from './caption-values.ts';
import type { Settings } from './settings.ts';
import { readsOf } from './template.ts';

/** Whether objects' tags are ever read: for the malware scan, a route's condition or a value of a template. */
export const readsTags = ({ requireMalwareScan, routes }: Pick<Settings, 'requireMalwareScan' | 'routes'>): boolean =>
  requireMalwareScan === true || routes.some((route) => route.tags !== undefined || readsOf(templatesOf(route)).tags);
