/** The package's public API: the construct for CDK apps, its metrics and the cost estimate. */
export { METRICS_NAMESPACE, Metric, type MetricName } from '../lambdas/relay/names.ts';
export { ConfigurationError } from './infra/config/configuration-error.ts';
export type { RelayNetwork } from './infra/config/relay-network.ts';
export type { RelayRoute, RelaySettings } from './infra/config/relay-settings.ts';
export { AlarmName } from './infra/monitoring/alarms.ts';
export {
  type CostAssumptions,
  type CostEstimate,
  type CostInput,
  estimateCost,
  monthlyCost,
} from './infra/monitoring/cost.ts';
export { PRICES, PRICES_AS_OF } from './infra/monitoring/prices.ts';
export type { RocketChatRelayProps } from './infra/relay-props.ts';
export { RocketChatRelay } from './infra/rocket-chat-relay.ts';
