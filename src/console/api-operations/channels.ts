import { describe, noun, type SchemaKit } from '../operation-kit/operation.ts'
import { input } from '../operation-kit/source.ts'

const Channel = ({ Type }: SchemaKit) =>
  Type.Object({
    id: Type.String(),
    title: Type.String(),
    address: Type.Union([Type.String(), Type.Null()], {
      description: 'as far as it is no secret; null: the caller has none',
    }),
    use: Type.Enum(['always', 'fallback', 'off', 'unconfirmed']),
    own: Type.Boolean({ description: 'the caller added it' }),
  })

const Kind = ({ Type }: SchemaKit) =>
  Type.Object({
    kind: Type.String(),
    title: Type.String(),
    address: Type.String({ description: 'what the address of such a channel is' }),
    example: Type.String(),
  })

const Code = ({ Type }: SchemaKit) => ({
  code_sent: Type.Boolean(),
  detail: Type.Optional(Type.String({ description: 'why no code was sent' })),
})

const channel = { id: input('<channel>', 'its id, as `remit channels list` shows it') }

const USES = { always: 'on', fallback: 'only when others fail', off: 'off' } as const

/** Address as far as it is no secret: webhooks are known by their host. */
function hostOrAddress(address: string): string {
  const { host = '' } = URL.parse(address) ?? {}
  return host === '' ? address : host
}

/** `remit channels …` */
export const CHANNELS = noun({
  name: 'channels',
  says: 'Channels by which you are told what waits for you.',
  operations: {
    list: describe({
      route: 'GET /channels',
      who: 'person',
      says: 'The channels by which the caller is told, in their order, and the kinds that can be added.',
      schemas: (kit) => ({
        answer: kit.Type.Object({
          channels: kit.Type.Array(Channel(kit)),
          kinds: kit.Type.Array(Kind(kit)),
        }),
      }),
      command: ({ bold, dim, table, text }) => ({
        says: 'The channels by which you are told, in your order, and the kinds that you can add.',
        prints: ({ channels, kinds }) => [
          ...(channels.length === 0
            ? [dim('Nothing tells you yet.')]
            : table(channels, {
                ID: ({ id }) => bold(id),
                CHANNEL: 'title',
                ADDRESS: ({ address }) => address ?? 'none',
                USE: ({ use }) => (use === 'unconfirmed' ? 'waits for its code' : USES[use]),
              })),
          ...kinds.map(({ address, example, kind, title }) =>
            dim(text`${title}: remit channels add ${kind} ${example}   # ${address}`),
          ),
        ],
      }),
    }),
    add: describe({
      route: 'POST /channels',
      who: 'person',
      widens: true,
      confirmedInDevelopment: true,
      says: 'Adds a channel of the caller, and sends a code to it. Nothing else is sent there before the code is confirmed.',
      schemas: (kit) => ({
        body: kit.exactly({
          kind: kit.Name,
          address: kit.secretText({ minLength: 1, maxLength: 2048 }),
        }),
        answer: kit.Type.Object({
          ...Channel(kit).properties,
          ...Code(kit),
          secret: kit.Type.Optional(
            kit.Type.String({ description: 'signs its messages; only this response contains it' }),
          ),
        }),
      }),
      confirms: ({ body }) =>
        `Tell me what waits for me by ${body.kind} at ${hostOrAddress(body.address)}`,
      command: ({ bold, done, red, text }) => ({
        says: 'Adds a channel of yours, and sends a code to it.',
        examples: [
          'remit channels add slack U012AB3CD',
          'remit channels add ntfy https://ntfy.sh/your-topic',
        ],
        takes: {
          body: {
            kind: input('<kind>', 'one of those that `remit channels list` shows'),
            address: input('<address>', 'where messages go'),
          },
        },
        prints: ({ code_sent, detail, id, secret }) => [
          done`${bold(id)} is added`,
          ...(secret === undefined ? [] : [text`  its secret, shown this once: ${bold(secret)}`]),
          ...(code_sent
            ? [text`  type the code that arrives there: remit channels confirm ${id} <code>`]
            : [
                text`  ${red('no code was sent')}: ${detail ?? ''}`,
                text`  later: remit channels send-code ${id}`,
              ]),
        ],
      }),
    }),
    'send-code': describe({
      id: 'channels.send_code',
      route: 'POST /channels/:id/code',
      who: 'person',
      widens: false,
      says: 'Sends another code to a channel that the caller added and has not confirmed; earlier codes no longer work.',
      schemas: (kit) => ({ params: kit.ById, answer: kit.Nothing }),
      command: ({ bold, done }) => ({
        examples: ['remit channels send-code slack:chn_…'],
        takes: { params: channel },
        said: ({ params }) => done`a code is on its way to ${bold(params.id)}`,
        json: ({ params }) => ({ channel: params.id, code_sent: true }),
      }),
    }),
    confirm: describe({
      route: 'POST /channels/:id/confirm',
      who: 'person',
      widens: false,
      says: 'Confirms a channel by the code that arrived there: once, within ten minutes, in five tries.',
      schemas: (kit) => ({
        params: kit.ById,
        body: kit.exactly({ code: kit.Type.String({ minLength: 1, maxLength: 32 }) }),
        answer: Channel(kit),
      }),
      command: ({ bold, done }) => ({
        examples: ['remit channels confirm slack:chn_… 123456'],
        takes: { params: channel, body: { code: input('<code>', 'what arrived there') } },
        said: ({ answer }) => done`messages go to ${bold(answer.address ?? answer.id)} from now on`,
      }),
    }),
    use: describe({
      route: 'PUT /channels/:id/use',
      who: 'person',
      widens: false,
      says: 'Sets when the caller is told by a channel: always, only when the others failed, or never.',
      schemas: (kit) => ({
        params: kit.ById,
        body: kit.exactly({ use: kit.Type.Enum(['always', 'fallback', 'off']) }),
        answer: Channel(kit),
      }),
      command: ({ bold, done }) => ({
        says: 'Sets when you are told by a channel.',
        examples: ['remit channels use email fallback'],
        takes: {
          params: channel,
          body: { use: input('<use>', 'when', { choices: ['always', 'fallback', 'off'] }) },
        },
        said: ({ body, params }) => done`${bold(params.id)}: ${USES[body.use]}`,
      }),
    }),
    remove: describe({
      route: 'DELETE /channels/:id',
      who: 'person',
      widens: false,
      says: 'Removes a channel that the caller added; what waits for it is not sent.',
      schemas: (kit) => ({ params: kit.ById, answer: kit.Nothing }),
      command: ({ bold, done }) => ({
        says: 'Removes a channel that you added.',
        examples: ['remit channels remove slack:chn_…'],
        takes: { params: channel },
        said: ({ params }) => done`${bold(params.id)} is removed`,
        json: ({ params }) => ({ channel: params.id, removed: true }),
      }),
    }),
  },
})
