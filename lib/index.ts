/** The relay as a construct for other people's CDK apps. */
export { METRICS_NAMESPACE, Metric, type MetricName } from '../lambdas/relay/names.ts';
export {
  type CostAssumptions,
  type CostEstimate,
  type CostInput,
  estimateCost,
  monthlyCost,
} from './cost.ts';
export { AlarmName } from './infra/alarms.ts';
export { ConfigurationError } from './infra/configuration-error.ts';
export { PRICES, PRICES_AS_OF } from './infra/prices.ts';
export type { RelayNetwork, RocketChatRelayProps } from './infra/relay-props.ts';
export type { RelayRoute, RelaySettings } from './infra/relay-settings.ts';
export { RocketChatRelay } from './infra/rocket-chat-relay.ts';
