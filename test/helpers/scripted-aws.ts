import { createServer } from 'node:http';
import { listenOnLoopback } from '../../lib/local/loopback.ts';

export interface ScriptedAws {
  readonly endpoint: string;
  close(): Promise<void>;
}

export interface ScriptedStack {
  readonly name: string;
  readonly status?: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly metadata?: unknown;
}

/**
 * CloudFormation with one stack (AWS Query protocol, DescribeStacks and GetTemplateSummary). Every other service answers
 * AccessDenied.
 */
export const startScriptedAws = async (stack: ScriptedStack): Promise<ScriptedAws> => {
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text) => {
      body += text;
    });
    request.once('end', () => {
      const form = new URLSearchParams(body);
      const action = form.get('Action');
      if (action !== 'DescribeStacks' && action !== 'GetTemplateSummary') {
        if (action !== null) {
          response.writeHead(403, { 'content-type': 'text/xml' });
          response.end(errorXml('AccessDenied', 'ops is not authorized to do this'));
          return;
        }
        const denied = { __type: 'AccessDeniedException', message: 'ops is not authorized to do this' };
        response.writeHead(403, { 'content-type': 'application/json', 'x-amzn-errortype': 'AccessDeniedException' });
        response.end(JSON.stringify(denied));
        return;
      }
      const isKnown = form.get('StackName') === stack.name;
      const result = isKnown ? RESULT[action](stack) : undefined;
      response.writeHead(isKnown ? 200 : 400, { 'content-type': 'text/xml' });
      response.end(result === undefined ? notFound(form.get('StackName')) : envelope(action, result));
    });
  });
  const { endpoint, close } = await listenOnLoopback(server);
  return { endpoint, close };
};

const RESULT = {
  DescribeStacks: ({ name, status = 'CREATE_COMPLETE', outputs }: ScriptedStack) => {
    const members = Object.entries(outputs).map(
      ([key, value]) => `<member><OutputKey>${key}</OutputKey><OutputValue>${escaped(value)}</OutputValue></member>`,
    );
    return `<Stacks><member><StackName>${name}</StackName><StackStatus>${status}</StackStatus><CreationTime>2026-01-01T00:00:00Z</CreationTime><Outputs>${members.join('')}</Outputs></member></Stacks>`;
  },
  GetTemplateSummary: ({ metadata = {} }: ScriptedStack) => `<Metadata>${escaped(JSON.stringify(metadata))}</Metadata>`,
};

const NAMESPACE = 'xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"';

const envelope = (action: string, result: string): string =>
  `<${action}Response ${NAMESPACE}><${action}Result>${result}</${action}Result></${action}Response>`;

const notFound = (name: string | null): string => errorXml('ValidationError', `Stack with id ${name} does not exist`);

const errorXml = (code: string, message: string): string =>
  `<ErrorResponse ${NAMESPACE}><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`;

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
