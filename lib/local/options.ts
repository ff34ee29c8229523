import type { SettingsInput } from '../../lambdas/relay/domain/settings.ts';
import type { LocalEndpoints } from './aws/clients.ts';
import type { EmulatorOptions } from './aws/emulators.ts';
import type { ChatServerOptions } from './chat-server/options.ts';
import type { LoggedDelivery } from './delivery-log.ts';
import type { FinishedBatch } from './lambda/event-source-mapping.ts';
import type { Port } from './loopback.ts';

export type FunctionEnvironment = Readonly<Record<string, string>>;

export interface LocalRelayOptions {
  /** A real server, and the bot's credentials on it. @default a local chat server and its bot */
  readonly rocketChat?: { readonly url: string; readonly userId: string; readonly authToken: string } | undefined;
  /** Options of the local chat server; ignored if `rocketChat` is given. */
  readonly chatServer?: ChatServerOptions | undefined;
  /** The function's settings. @default one route to `#general` */
  readonly settings?: SettingsInput | undefined;
  /** The port of the endpoint of all AWS services. @default a free port */
  readonly port?: Port | undefined;
  /** @default 'us-east-1' */
  readonly region?: string | undefined;
  /** @default 'uploads' */
  readonly bucket?: string | undefined;
  /** The number of processes of the function. Each processes one batch at a time. @default 1 */
  readonly processes?: number | undefined;
  /** The function's memory in MiB. @default 256, as deployed */
  readonly memoryMb?: number | undefined;
  /** @default 300000 */
  readonly functionTimeoutMs?: number | undefined;
  /** @default the function's time-out plus 10 s */
  readonly visibilityTimeoutSeconds?: number | undefined;
  /** @default 1000, as deployed */
  readonly maxReceiveCount?: number | undefined;
  /** The most messages in a batch. @default 10 */
  readonly batchSize?: number | undefined;
  /** More environment variables for the function. They override those that it gets by default. */
  readonly environment?:
    | FunctionEnvironment
    | ((endpoints: LocalEndpoints) => Promise<FunctionEnvironment>)
    | undefined;
  /** The secret's text. @default the bot's credentials in the function's format */
  readonly secret?: string | undefined;
  /** Writes `index.js` into the folder. @default builds the bundle that `cdk synth` builds */
  readonly bundle?: ((outdir: string) => unknown) | undefined;
  /** How many deliveries, and messages, files and calls of the local chat server are remembered. @default all */
  readonly history?: number | undefined;
  readonly onUpload?: EmulatorOptions['onUpload'];
  /** Called for each delivery that the function logs. */
  readonly onDelivery?: ((delivery: LoggedDelivery) => void) | undefined;
  /** Called for each line that the function writes, deliveries and metrics included. */
  readonly onLine?: ((line: string, stream: 'stdout' | 'stderr') => void) | undefined;
  /** Called after each invocation. */
  readonly onBatch?: ((batch: FinishedBatch) => void) | undefined;
}
