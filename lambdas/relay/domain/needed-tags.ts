import type { Settings } from './settings.ts';

/** Whether objects' tags are ever read: for the malware scan, a route's condition or a value of a template. */
export const readsTags = ({ requireMalwareScan, routes }: Pick<Settings, 'requireMalwareScan' | 'routes'>): boolean =>
  requireMalwareScan === true ||
  routes.some(({ tags, caption = '', altText = '' }) => tags !== undefined || TAG_VALUE.test(caption + altText));

const TAG_VALUE = /\{[^}]*\btags\./;
