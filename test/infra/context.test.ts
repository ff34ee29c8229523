import { describe, expect, it } from 'vitest';
import { readRelayContext } from '../../lib/infra/config/context.ts';

const valid = { rocketChatUrl: 'https://chat.acme.test', routes: [{ room: '#general' }] };

const read = (context: Record<string, unknown>) => readRelayContext((key) => context[key]);

/** The lines of the message that describe the faults. */
const faults = (context: Record<string, unknown>): string[] => {
  try {
    read(context);
  } catch (error) {
    return (error as Error).message.split('\n').slice(1);
  }
  return [];
};

describe('the context key "relay"', () => {
  it('fills in the defaults', () => {
    expect(read({ relay: valid })).toEqual({
      ...valid,
      retryForHours: 24,
      filesAtOnce: 5,
      queueRetentionDays: 14,
      ledgerRetentionDays: 365,
      confirmAgainAfterSeconds: 90,
      eventBridge: false,
      versioned: false,
      tracing: false,
      backlogAlarmAfterHours: 24,
      dashboard: true,
      stackName: 'RocketChatRelay',
      maxConcurrency: 2,
      memorySizeMb: 256,
      logRetentionDays: 90,
    });
  });

  it('is read from JSON on the command line', () => {
    expect(read({ relay: JSON.stringify(valid) })).toMatchObject(valid);
  });

  it.each([
    { why: 'invalid JSON', relay: '{', fault: /^ {2}-c relay: must be JSON, e\.g\./ },
    { why: 'a list', relay: [], fault: /^ {2}relay is \[\]: must be an object/ },
    { why: 'a number', relay: '7', fault: /^ {2}relay is 7: must be an object/ },
  ])('refuses $why', ({ relay, fault }) => {
    expect(faults({ relay })).toEqual([expect.stringMatching(fault)]);
  });

  it('reports every fault at once, with its place, its value and what is allowed', () => {
    const relay = {
      rocketChatUrl: 'http://chat.acme.test',
      routes: [{ room: '#a' }, { room: 'my room', prefix: 'a*' }, { rom: '#b' }],
      retryForHour: 12,
      filesAtOnce: 11,
      bucketName: 's3://mine',
      logRetentionDays: 42,
    };
    expect(faults({ relay })).toEqual([
      '  relay.rocketChatUrl is "http://chat.acme.test": must start with "https://", because the token is sent with every call (http is allowed for localhost only)',
      '  relay.routes[1].prefix is "a*": must be literal: write a pattern with wildcards as "glob"',
      '  relay.routes[1].room is "my room": must be a room id, or a name such as "#general", without spaces',
      '  relay.routes[2]: must have exactly one of room, rooms, roomFrom and ignore',
      '  relay.filesAtOnce is 11: must be at most 10 files',
      expect.stringMatching(/^ {2}relay\.bucketName is "s3:\/\/mine": must be the name of a bucket: 3 to 63/),
      expect.stringMatching(/^ {2}relay\.logRetentionDays is 42: must be one of 1, 3, 5, 7, 14, 30,/),
      '  relay.routes[2].rom: is not a known key; did you mean "room"?',
      '  relay.retryForHour: is not a known key; did you mean "retryForHours"?',
    ]);
  });

  it('reports a route without a room, exclusive keys and unknown keys at once', () => {
    const relay = {
      ...valid,
      routes: [
        { room: '#a', rooms: ['#b'], romFrom: {} },
        { room: '#a', thread: 'day', threadId: 'm', maxSizeBytes: 1, minSizeBytes: 2, link: {} },
        { roomFrom: { allow: ['#a'] }, prefix: 'a/', glob: 'b/*', emoji: 'package' },
        { ignor: true },
      ],
      bucketName: 'one',
      bucketNames: ['two'],
      versioned: true,
      filesAtOnce: 0,
    };
    expect(faults({ relay })).toEqual([
      '  relay.routes[0]: must have exactly one of room, rooms, roomFrom and ignore',
      '  relay.routes[1].link: must have either baseUrl or presignForHours',
      '  relay.routes[1].maxSizeBytes is 1: must not be smaller than minSizeBytes: no object would fit',
      '  relay.routes[1].thread is "day": must not be used with threadId',
      '  relay.routes[2].roomFrom: must have either keySegment or metadata',
      '  relay.routes[2].emoji is "package": must be an emoji such as ":package:"',
      '  relay.routes[2].glob is "b/*": must match keys that have the prefix and the suffix of the route: no object would fit',
      '  relay.routes[3]: must have exactly one of room, rooms, roomFrom and ignore',
      '  relay.filesAtOnce is 0: must be at least 1 files',
      '  relay.versioned is true: is for a new bucket; the owner of an existing bucket decides about its versioning',
      '  relay.bucketNames is ["two"]: must not be used together with bucketName: add that bucket to the list',
      '  relay.routes[0].romFrom: is not a known key; did you mean "roomFrom"?',
      '  relay.routes[3].ignor: is not a known key; did you mean "ignore"?',
    ]);
  });

  it('prints no object, because one of its keys may hold a token', () => {
    const relay = { ...valid, routes: [{ token: 'pa55word' }, [{ token: 'pa55word' }]], vpc: { token: 'pa55word' } };
    expect(faults({ relay: { ...relay, operationsRoom: { token: 'pa55word' } } }).join('\n')).not.toContain('pa55word');
  });

  it.each([
    ['routes[0].glob', { room: '#a', glob: 'a*', prefix: 'b' }, 'no object would fit'],
    ['routes[0].glob', { room: '#a', glob: '*.pdf', suffix: '.txt' }, 'no object would fit'],
    ['routes[0].glob', { room: '#a', glob: 'a.pdf', suffix: '.txt' }, 'no object would fit'],
    ['routes[0].glob', { room: '#a', glob: '' }, 'must not be empty'],
    ['routes[0].glob', { room: '#a', glob: '{1..101}' }, 'must have at most 100 alternatives in its braces'],
    ['routes[0].glob', { room: '#a', glob: '{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}' }, 'at most 100 alternatives'],
    ['routes[0].glob', { room: '#a', glob: `{1..90}${'x'.repeat(50)}` }, 'at most 4096 characters'],
    ['routes[0].metadata', { room: '#a', metadata: {} }, 'must have at least one of the metadata'],
    ['routes[0].metadata.Team', { room: '#a', metadata: { Team: 'a' } }, 'in lower case, without "x-amz-meta-"'],
    ['routes[0].metadata.x-amz-meta-a', { room: '#a', metadata: { 'x-amz-meta-a': 'a' } }, 'without "x-amz-meta-"'],
    ['routes[0].tags.team', { room: '#a', tags: { team: 7 } }, 'is 7: must be a string'],
    ['routes[0].roomFrom.metadata', { roomFrom: { metadata: 'Team', allow: ['#a'] } }, 'in lower case'],
    ['routes[0].roomFrom.allow', { roomFrom: { metadata: 'team', allow: [] } }, 'must name at least one room'],
    ['routes[0].rooms', { rooms: ['#a', '#a'] }, 'must not name a room twice'],
    ['routes[0].ignore', { ignore: false }, 'must be true, or left out'],
  ])('refuses an invalid value of %s', (place, route, why) => {
    const [fault, ...others] = faults({ relay: { ...valid, routes: [route, { room: '#rest' }] } });
    expect(others).toEqual([]);
    expect(fault).toContain(`relay.${place}`);
    expect(fault).toContain(why);
  });

  it('refuses routes that all ignore their objects', () => {
    expect(faults({ relay: { ...valid, routes: [{ ignore: true }], filesAtOnce: 0 } })).toEqual([
      '  relay.routes: must have at least one route that posts: all of them ignore their objects',
      '  relay.filesAtOnce is 0: must be at least 1 files',
    ]);
  });

  it('reports missing keys', () => {
    expect(faults({})).toEqual(['  relay.rocketChatUrl: is missing', '  relay.routes: is missing']);
  });

  it.each([
    ['bucketNames', { bucketName: 'one', bucketNames: ['two'] }, 'must not be used together with bucketName'],
    ['bucketNames', { bucketNames: [] }, 'must name at least one bucket'],
    ['versioned', { bucketName: 'one', versioned: true }, 'is for a new bucket'],
    ['alarmEmail', { alarmEmail: 'ops' }, 'must be an e-mail address'],
    [
      'alarmEmail',
      { alarmEmail: 'a@b.test', alarmTopicArn: 'arn:aws:sns:eu-central-1:123456789012:alarms' },
      'is for a new topic',
    ],
    [
      'encryptionKeyArn',
      { encryptionKeyArn: 'arn:aws:kms:eu-central-1:123456789012:alias/x' },
      'an alias is not accepted',
    ],
    ['proxyUrl', { proxyUrl: 'http://me:secret@proxy.acme.test' }, 'must not hold credentials'],
    ['proxyUrl', { proxyUrl: 'socks://proxy.acme.test' }, 'must be a URL such as'],
    ['runbookUrl', { runbookUrl: 'docs/operating.md' }, 'must be a URL such as'],
    ['runbookUrl', { runbookUrl: 'https://a.test/b#c' }, 'without "#"'],
    ['quietAlarmAfterHours', { quietAlarmAfterHours: 169 }, 'from 1 to 168'],
    ['certificateAuthorityFile', { certificateAuthorityFile: 'no-such-file.pem' }, 'must be certificates in PEM'],
    ['certificateAuthorityFile', { certificateAuthorityFile: 'package.json' }, 'must hold at least one'],
    ['vpc.vpcId', { vpc: { vpcId: 'vpc' } }, 'must be the id of a VPC'],
    ['vpc.subnet', { vpc: { vpcId: 'vpc-01234567', subnet: 'a' } }, 'did you mean "subnetIds"?'],
    [
      'vpc.routeTableIds',
      { vpc: { vpcId: 'vpc-01234567', subnetIds: ['subnet-01234567'], createEndpoints: true } },
      'relay.vpc.routeTableIds: must name the route table of each subnet',
    ],
  ])('refuses an invalid value of %s', (place, wrong, why) => {
    const [fault, ...others] = faults({ relay: { ...valid, ...wrong } });
    expect(others).toEqual([]);
    expect(fault).toContain(`relay.${place}`);
    expect(fault).toContain(why);
    expect(fault).not.toContain('secret@');
  });

  it('prints no value that may be a secret', () => {
    const relay = { ...valid, rocketChatUrl: 'https://bot:pa55word@chat.acme.test', authToken: 'pa55word' };
    const text = faults({ relay }).join('\n');
    expect(text).toContain('relay.authToken');
    expect(text).toContain('"https://***@chat.acme.test": must not hold credentials');
    expect(text).not.toContain('pa55word');
  });
});

describe('the context keys rocketChatUrl, room and bucketName', () => {
  it('are enough for one room', () => {
    expect(read({ rocketChatUrl: 'https://chat.acme.test', room: '#general' })).toMatchObject(valid);
  });

  it('override the key "relay", where room sets the room of the only route', () => {
    const relay = { ...valid, bucketName: 'one', routes: [{ room: '#a', prefix: 'a/' }] };
    expect(read({ relay, rocketChatUrl: 'https://b.acme.test', bucketName: 'two', room: '#b' })).toMatchObject({
      rocketChatUrl: 'https://b.acme.test',
      bucketName: 'two',
      routes: [{ room: '#b', prefix: 'a/' }],
    });
  });

  it('refuse a room if there are several routes', () => {
    const relay = { ...valid, routes: [{ room: '#a' }, { room: '#b' }] };
    expect(faults({ relay, room: '#c' })).toEqual([expect.stringMatching(/^ {2}-c room is "#c": .* has 2/)]);
  });

  it('are reported under their command-line names', () => {
    expect(faults({ rocketChatUrl: 'chat', room: '', bucketName: 'A' }).map((line) => line.split(' is ')[0])).toEqual([
      '  -c rocketChatUrl',
      '  -c room',
      '  -c room',
      '  -c bucketName',
    ]);
  });
});

describe('rocketChatUrl', () => {
  it.each([
    ['https://chat.acme.test/', 'https://chat.acme.test'],
    ['https://acme.test/chat/', 'https://acme.test/chat'],
    ['https://chat.acme.test:8443', 'https://chat.acme.test:8443'],
    ['http://localhost:3000', 'http://localhost:3000'],
    ['http://127.0.0.1:3000', 'http://127.0.0.1:3000'],
    ['http://[::1]:3000', 'http://[::1]:3000'],
  ])('accepts %s', (given, rocketChatUrl) => {
    expect(read({ relay: { ...valid, rocketChatUrl: given } }).rocketChatUrl).toBe(rocketChatUrl);
  });

  it.each([
    'chat.acme.test',
    'ftp://chat.acme.test',
    'https://a.test?x=1',
    'https://a.test#x',
    'http://127.evil.test',
    7,
  ])('refuses %s', (rocketChatUrl) => {
    expect(faults({ relay: { ...valid, rocketChatUrl } })).toEqual([
      expect.stringContaining(`relay.rocketChatUrl is ${JSON.stringify(rocketChatUrl)}: must `),
    ]);
  });
});
