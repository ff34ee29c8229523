import type { SettingsInput } from '../../lambdas/relay/domain/settings.ts';
import type { LocalEndpoints } from './aws/aws-clients.ts';
import type { EmulatorOptions } from './aws/emulators.ts';
import type { ChatServerOptions } from './chat-server/options.ts';
import type { LoggedDelivery } from './delivery-log.ts';
import type { FinishedBatch } from './lambda/event-source-mapping.ts';

export type FunctionEnvironment = Readonly<Record<string, string>>;

export interface LocalRelayOptions {
  /** A real server and a token for it. @default our own chat server, with its bot */
  readonly rocketChat?: { readonly url: string; readonly userId: string; readonly authToken: string } | undefined;
  /** Of our own chat server. */
  readonly chatServer?: ChatServerOptions | undefined;
  /** @default one route to `#general` */
  readonly settings?: SettingsInput | undefined;
  /** Of S3 and SQS. @default a free one */
  readonly port?: number | undefined;
  /** @default 'us-east-1' */
  readonly region?: string | undefined;
  /** @default 'uploads' */
  readonly bucket?: string | undefined;
  /** Processes of the function, each with a batch at a time. @default 1 */
  readonly processes?: number | undefined;
  /** MiB. @default 256, as deployed */
  readonly memoryMb?: number | undefined;
  /** @default 300000 */
  readonly functionTimeoutMs?: number | undefined;
  /** @default the function's time-out and 10 s */
  readonly visibilityTimeoutSeconds?: number | undefined;
  /** @default 1000, as deployed */
  readonly maxReceiveCount?: number | undefined;
  /** Messages in a batch. @default 10 */
  readonly batchSize?: number | undefined;
  /** Further variables for the function; they go over those it is given anyway. */
  readonly environment?:
    | FunctionEnvironment
    | ((endpoints: LocalEndpoints) => Promise<FunctionEnvironment>)
    | undefined;
  /** The secret's text. @default the credentials as the function wants them */
  readonly secret?: string | undefined;
  /** Writes `index.js` into the folder. @default the function's bundle, as `cdk synth` ships it */
  readonly bundle?: ((outdir: string) => unknown) | undefined;
  readonly onUpload?: EmulatorOptions['onUpload'];
  readonly onDelivery?: ((delivery: LoggedDelivery) => void) | undefined;
  /** Whatever the function writes, deliveries and metrics included. */
  readonly onLine?: ((line: string, stream: 'stdout' | 'stderr') => void) | undefined;
  readonly onBatch?: ((batch: FinishedBatch) => void) | undefined;
}
