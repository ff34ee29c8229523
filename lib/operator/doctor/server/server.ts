import { ChatUnreachableError } from '../../../../lambdas/relay/domain/errors.ts';
import { type Check, type Finding, found, ok } from '../check.ts';
import type { ApiAnswer, World } from '../world.ts';

/** The address, TLS, and that Rocket.Chat answers there. */
export const server: Check = {
  name: 'server',
  group: 'server',
  needs: 'server',
  about: 'the chat server can be reached over TLS, and it is Rocket.Chat',
  async run(world) {
    let answer: ApiAnswer;
    try {
      answer = await world.get('/api/info');
    } catch (error) {
      if (!(error instanceof ChatUnreachableError)) throw error;
      return found('it cannot be reached', unreachable(world, error));
    }
    const finding = notRocketChat(world, answer);
    return finding === undefined ? ok(`${world.rocketChatUrl} answers`) : found('Rocket.Chat does not answer', finding);
  },
};

const WHY = 'Every file waits and is retried; after retryForHours it becomes a dead letter.';

const unreachable = ({ rocketChatUrl }: World, error: ChatUnreachableError): Finding => {
  const { hostname, host } = new URL(rocketChatUrl);
  const code = (error.cause as { code?: unknown } | undefined)?.code;
  const problem = (what: string, mend: string): Finding => ({ level: 'problem', what, why: WHY, mend });
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return problem(
      `No address is known for ${hostname} (${code}).`,
      `nslookup ${hostname}; correct relay.rocketChatUrl in cdk.json and run npx cdk deploy, or correct the DNS`,
    );
  }
  if (code === 'CERT_HAS_EXPIRED') {
    return problem(
      `The certificate of ${host} has expired.`,
      `renew it on the server; to see it: ${openssl(rocketChatUrl)}`,
    );
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return problem(
      `The certificate of ${host} is for another name.`,
      `set relay.rocketChatUrl to the name in the certificate and run npx cdk deploy; to see it: ${openssl(rocketChatUrl)}`,
    );
  }
  if (error.code === 'TLS_FAILED') {
    return problem(
      `TLS with ${host} failed: ${error.message}.`,
      'for a private authority, set relay.certificateAuthorityFile in cdk.json and run npx cdk deploy; here, set ' +
        `NODE_EXTRA_CA_CERTS to that file. To see the certificate: ${openssl(rocketChatUrl)}`,
    );
  }
  return problem(
    `${host} does not answer: ${error.message}.`,
    `start the server or open the network to it; to try again: curl -sS ${rocketChatUrl}/api/info`,
  );
};

const openssl = (url: string): string => {
  const { hostname, port } = new URL(url);
  return `openssl s_client -connect ${hostname}:${port || 443} -servername ${hostname} </dev/null`;
};

const notRocketChat = ({ rocketChatUrl }: World, { status, headers, json }: ApiAnswer): Finding | undefined => {
  const problem = (what: string, mend: string): Finding => ({ level: 'problem', what, why: WHY, mend });
  if (status >= 300 && status < 400) {
    return problem(
      `${rocketChatUrl} redirects to ${headers.location ?? 'nowhere'}, and the relay does not follow: it would send the token there.`,
      'set relay.rocketChatUrl in cdk.json to the final address, and run npx cdk deploy',
    );
  }
  if (status >= 500) {
    return problem(
      `${rocketChatUrl}/api/info answers ${status}: the server, or a proxy in front of it, has a fault.`,
      `see the log of the server or the proxy; to try again: curl -sSi ${rocketChatUrl}/api/info`,
    );
  }
  if (status === 200 && (typeof json?.['version'] === 'string' || typeof json?.['info'] === 'object')) return undefined;
  return problem(
    `${rocketChatUrl}/api/info answers ${status}, but not as Rocket.Chat does: another server, a login page or a firewall answers.`,
    `set relay.rocketChatUrl in cdk.json to the server's own address, with its path if it has one; to see the answer: curl -sSi ${rocketChatUrl}/api/info`,
  );
};
