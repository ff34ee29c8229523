import { humanSize } from '../../../../lambdas/relay/domain/caption.ts';
import { type Check, type Finding, found, ok } from '../check.ts';
import { uploadSettingsOf } from '../world.ts';

export const fileSize: Check = {
  name: 'file-size',
  group: 'server',
  needs: 'server',
  about: "the server's largest file size leaves room for the files of each route",
  async run(world) {
    const max = (await uploadSettingsOf(world)).get('FileUpload_MaxFileSize');
    if (typeof max !== 'number') throw new Error('the server does not tell FileUpload_MaxFileSize');
    if (max < 0) return ok('no limit');
    const why = 'A larger file becomes a dead letter at once (FILE_TOO_LARGE).';
    const mend = 'raise FileUpload_MaxFileSize in Rocket.Chat: Administration, Settings, File Upload';
    const findings = world.settings.routes.flatMap(({ minSizeBytes = 0, maxSizeBytes }, i): Finding[] => {
      if (minSizeBytes > max) {
        return [
          {
            level: 'problem',
            what: `Every file of routes[${i}] (minSizeBytes ${minSizeBytes}) is larger than the server allows (${max} bytes).`,
            why,
            mend,
          },
        ];
      }
      if (maxSizeBytes === undefined || maxSizeBytes <= max) return [];
      const what = `routes[${i}] takes files up to ${humanSize(maxSizeBytes)}, and the server only up to ${humanSize(max)}.`;
      return [
        { level: 'warning', what, why, mend: `${mend}; or lower maxSizeBytes in cdk.json and run npx cdk deploy` },
      ];
    });
    return found(`files up to ${humanSize(max)}`, ...findings);
  },
};
