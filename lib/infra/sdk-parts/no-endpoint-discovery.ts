/**
 * Stands in for `@aws-sdk/middleware-endpoint-discovery` in the function's bundle. DynamoDB's endpoints are known by its
 * region; none of the operations needs to discover one.
 */
export const resolveEndpointDiscoveryConfig = <Config>(config: Config): Config => config;
export const NODE_ENDPOINT_DISCOVERY_CONFIG_OPTIONS = {
  environmentVariableSelector: () => undefined,
  configFileSelector: () => undefined,
  default: undefined,
};
