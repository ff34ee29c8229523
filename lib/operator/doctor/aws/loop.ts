import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { suspectLoop } from '../../../../lambdas/relay/domain/loop-guard.ts';
import { type Check, type Finding, found, ok } from '../check.ts';
import { relayOf, type World } from '../world.ts';

/** The first page of the bucket's folders. A Rocket.Chat server has one folder of its own at the top. */
const MAX_FOLDERS = 1_000;
/** `uniqueID` is a UUID or, on servers set up before 6.x, 17 letters and digits. */
const UNIQUE_ID = /^([0-9A-Za-z]{17}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})\/$/;

export const loop: Check = {
  name: 'loop',
  group: 'aws',
  needs: 'relay',
  about: 'Rocket.Chat does not store its own uploads in a watched bucket',
  async run(world) {
    const { buckets } = relayOf(world);
    const findings: Finding[] = [];
    for (const bucket of buckets) {
      const key = await rocketChatUpload(world, bucket);
      if (key !== undefined) findings.push(finding(bucket, key));
    }
    return findings.length === 0
      ? ok('no upload of Rocket.Chat in the bucket')
      : found('Rocket.Chat stores its uploads there', ...findings);
  },
};

const finding = (bucket: string, key: string): Finding => ({
  level: 'problem',
  what: `The watched bucket ${bucket} holds uploads of Rocket.Chat, such as ${key}.`,
  why: 'Each file that the relay posts creates another object there. The relay ignores such objects, but each costs an event.',
  mend:
    'let Rocket.Chat use another bucket (Administration, Settings, File Upload, Amazon S3: FileUpload_S3_Bucket), or set ' +
    'prefixes in the routes of cdk.json and run npx cdk deploy',
});

const rocketChatUpload = async (world: World, bucket: string): Promise<string | undefined> => {
  const { s3 } = relayOf(world).clients;
  const top = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Delimiter: '/', MaxKeys: MAX_FOLDERS }));
  const folders = (top.CommonPrefixes ?? []).flatMap(({ Prefix }) =>
    Prefix !== undefined && UNIQUE_ID.test(Prefix) ? [Prefix] : [],
  );
  for (const folder of folders) {
    const { Contents: objects = [] } = await s3.send(
      new ListObjectsV2Command({ Bucket: bucket, Prefix: `${folder}uploads/`, MaxKeys: 10 }),
    );
    const upload = objects.find(({ Key }) => Key !== undefined && suspectLoop(Key)?.isExact === true);
    if (upload?.Key !== undefined) return upload.Key;
  }
  return undefined;
};
