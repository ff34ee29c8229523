/**
 * Stands in for `@aws-sdk/checksums/flexible-checksums` in the function's bundle: the function verifies objects itself
 * (lambdas/relay/adapters/checksum.ts) and uploads none, so the SDK's own checksums have nothing to do.
 */
export const getFlexibleChecksumsPlugin = () => ({ applyToStack: () => {} });
export const resolveFlexibleChecksumsConfig = <Config>(config: Config): Config => config;

const never = { environmentVariableSelector: () => 'WHEN_REQUIRED', configFileSelector: () => undefined };
export const NODE_REQUEST_CHECKSUM_CALCULATION_CONFIG_OPTIONS = { ...never, default: 'WHEN_REQUIRED' };
export const NODE_RESPONSE_CHECKSUM_VALIDATION_CONFIG_OPTIONS = { ...never, default: 'WHEN_REQUIRED' };
