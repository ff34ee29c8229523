/**
 * Stands in for `@smithy/core/event-streams` in the function's bundle: of all that it calls, nothing answers in an event
 * stream (in S3 only SelectObjectContent does).
 */
export const resolveEventStreamSerdeConfig = <Config>(config: Config): Config => config;
export const eventStreamSerdeProvider = () => undefined;
export const EventStreamSerde = undefined;
