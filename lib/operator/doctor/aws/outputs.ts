import { type Check, type Finding, found, ok } from '../check.ts';
import { stackOf } from '../world.ts';

/** Missing outputs are reported before any check runs, because nothing can be found without them. */
export const outputs: Check = {
  name: 'outputs',
  group: 'aws',
  needs: 'stack',
  about: 'the stack exists, has the outputs of a relay, and its last deployment succeeded',
  async run(world) {
    const { stack, name, region } = stackOf(world);
    const { status, stackName } = stack;
    const finding = (level: Finding['level'], what: string, mend: string): Finding => ({
      level,
      what,
      why: 'What runs may not be what cdk.json says.',
      mend,
    });
    const events = `aws cloudformation describe-stack-events --stack-name ${stackName} --region ${region}`;
    if (/^(CREATE|UPDATE|IMPORT)_COMPLETE$/.test(status)) return ok(status);
    if (status.endsWith('_IN_PROGRESS')) {
      return found(status, finding('warning', `${name} is being deployed (${status}).`, `wait for its end: ${events}`));
    }
    if (/^(UPDATE|IMPORT)_ROLLBACK_COMPLETE$/.test(status)) {
      const what = `The last deployment of ${name} failed and was rolled back (${status}).`;
      return found(status, finding('warning', what, `find the reason with: ${events}; then: npx cdk deploy`));
    }
    const continues = `aws cloudformation continue-update-rollback --stack-name ${stackName} --region ${region}`;
    return found(
      status,
      finding(
        'problem',
        `${name} is in the state ${status}.`,
        `find the reason with: ${events}; then: ${status === 'UPDATE_ROLLBACK_FAILED' ? continues : 'npx cdk deploy'}`,
      ),
    );
  },
};
