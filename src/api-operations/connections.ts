import { describe, noun, type SchemaKit } from '../operation-kit/operation.ts'
import { input, together } from '../operation-kit/source.ts'

const Connection = ({ Name, Time, Type }: SchemaKit) =>
  Type.Object({ name: Name, kind: Type.String(), header: Type.String(), created_at: Time })

const name = input('<name>', 'lower-case letters, digits and hyphens')

const header = input('--header <name>', 'the header it goes into; else Authorization: Bearer …')

const credential = {
  kind: together(
    [name, input('--bearer', 'a token that is sent as it is'), header],
    ([of = '', bearer, into], { usage }) => {
      if (bearer) return 'bearer' as const
      throw usage(
        'The kind of credential is missing: --bearer, a token that is sent as it is, is the only one there is by now',
        `remit connections add ${of} --bearer${into === undefined ? '' : ` --header ${into}`}`,
      )
    },
  ),
  header,
  secret: together(
    [name, input('--from-file <file>', 'read it from there')],
    ([of, file], { secret }) => secret(`Credential of ${of}`, file),
  ),
}

/** `remit connections …` */
export const CONNECTIONS = noun({
  name: 'connections',
  says: 'Credentials of APIs, which agents never see.',
  operations: {
    list: describe({
      route: 'GET /connections',
      says: 'Every connection; credentials are never shown again.',
      schemas: (kit) => ({ answer: kit.listOf('connections', Connection(kit)) }),
      command: ({ bold, moment, table }) => ({
        prints: ({ connections }) =>
          table(
            connections,
            {
              NAME: (each) => bold(each.name),
              KIND: 'kind',
              HEADER: 'header',
              SINCE: ({ created_at }) => moment(created_at),
            },
            'No connections yet. `remit connections add NAME --bearer` keeps a credential.',
          ),
      }),
    }),
    add: describe({
      route: 'POST /connections',
      widens: true,
      says: 'Keeps a credential, sealed. It is asked for, or read from a file or standard input.',
      schemas: (kit) => ({
        body: kit.exactly({
          name: kit.Name,
          kind: kit.Type.Literal('bearer'),
          header: kit.Type.Optional(kit.Type.String({ maxLength: 100 })),
          secret: kit.secretText({ minLength: 1, maxLength: 8192 }),
        }),
        answer: Connection(kit),
      }),
      confirms: ({ body }) => `Keep the credential ${body.name} for an API`,
      command: ({ bold, dim, done }) => ({
        examples: [
          'remit connections add billing-key --bearer',
          'remit connections add billing-key --bearer --header X-Api-Key --from-file key.txt',
          'pass show billing | remit connections add billing-key --bearer',
        ],
        takes: { body: { name, ...credential } },
        said: ({ answer }) => [
          done`${bold(answer.name)} is kept, for the header ${answer.header}`,
          dim(`  use it: remit resources connect API ${answer.name}`),
        ],
      }),
    }),
    remove: describe({
      route: 'DELETE /connections/:name',
      widens: false,
      says: 'Forgets a credential. Refused while an API uses it.',
      schemas: ({ ByName, Nothing }) => ({ params: ByName, answer: Nothing }),
      command: ({ bold, done }) => ({
        examples: ['remit connections remove billing-key'],
        takes: { params: { name: input('<name>', 'the connection') } },
        said: ({ params }) => done`${bold(params.name)} is forgotten`,
        json: ({ params }) => ({ connection: params.name, removed: true }),
      }),
    }),
  },
})
