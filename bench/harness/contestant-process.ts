import type { Send } from '../contestants/send.ts';

const { send } = (await import(`../contestants/${process.argv[2]}.ts`)) as { send: Send };
process.on('message', ({ from, to }: { from: string; to: string }) => {
  send(from, to).then(
    () => process.send?.('ok'),
    (error: unknown) => process.send?.(String(error)),
  );
});
process.on('disconnect', () => process.exit());
process.send?.('ready');
