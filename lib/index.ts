/** The relay as a construct for other people's CDK apps. */
export { METRICS_NAMESPACE, Metric, type MetricName } from '../lambdas/relay/names.ts';
export { ConfigurationError } from './infra/config/configuration-error.ts';
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
export type { RelayNetwork, RocketChatRelayProps } from './infra/relay-props.ts';
export { RocketChatRelay } from './infra/rocket-chat-relay.ts';
