import {
  ConnectionProfile,
  credentialInputs,
  credentialMembers,
  expiryCell,
  expiryLine,
} from '../operation-kit/connection-shape.ts'
import { describe, noun } from '../operation-kit/operation.ts'
import { input, orNone, together } from '../operation-kit/source.ts'

const name = input('<name>', 'lower-case letters, digits and hyphens')
const known = input('<name>', 'of `remit connections list`')

const header = input('--header <name>', 'the header it goes into; else Authorization: Bearer …')

const kind = together(
  [name, input('--bearer', 'a token that is sent as it is'), header],
  ([of = '', bearer, into], { usage }) => {
    if (bearer) return 'bearer' as const
    throw usage(
      'The kind of credential is missing: --bearer, a token that is sent as it is, is the only one there is by now',
      `remit connections add ${of} --bearer${into === undefined ? '' : ` --header ${into}`}`,
    )
  },
)

/** `remit connections …` */
export const CONNECTIONS = noun({
  name: 'connections',
  says: 'Credentials of APIs, which agents never see.',
  operations: {
    list: describe({
      route: 'GET /connections',
      says: 'Every connection; credentials are never shown again.',
      schemas: (kit) => ({ answer: kit.listOf('connections', ConnectionProfile(kit)) }),
      command: (terminal) => ({
        prints: ({ connections }) =>
          terminal.table(
            connections,
            {
              NAME: (each) => terminal.bold(each.name),
              KIND: 'kind',
              HEADER: 'header',
              SINCE: ({ created_at, replaced_at }) => terminal.moment(replaced_at ?? created_at),
              EXPIRES: ({ expires_at }) => expiryCell(expires_at, terminal),
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
          ...credentialMembers(kit),
        }),
        answer: ConnectionProfile(kit),
      }),
      confirms: ({ body }) => `Keep the credential ${body.name} for an API`,
      command: (terminal) => ({
        examples: [
          'remit connections add billing-key --bearer',
          'remit connections add billing-key --bearer --expires 90d',
          'remit connections add billing-key --bearer --header X-Api-Key --from-file key.txt',
          'pass show billing | remit connections add billing-key --bearer',
        ],
        takes: { body: { name, kind, header, ...credentialInputs(name) } },
        said: ({ answer, body }) => [
          terminal.done`${terminal.bold(answer.name)} is kept, for the header ${answer.header}`,
          terminal.dim(`  use it: remit resources connect API ${answer.name}`),
          expiryLine(answer, body.expires_at, terminal),
        ],
      }),
    }),
    replace: describe({
      route: 'PUT /connections/:name/credential',
      widens: true,
      says: 'Puts another credential in the place of the one that is there. Calls that begin afterwards get it.',
      schemas: (kit) => ({
        params: kit.ByName,
        body: kit.exactly(credentialMembers(kit)),
        answer: ConnectionProfile(kit),
      }),
      confirms: ({ params }) => `Put another credential in the place of ${params.name}`,
      command: (terminal) => ({
        examples: [
          'remit connections replace billing-key',
          'remit connections replace billing-key --expires 2027-06-01T00:00:00Z --from-file key.txt',
        ],
        takes: { params: { name: known }, body: credentialInputs(known) },
        said: ({ answer, body }) => [
          terminal.done`${terminal.bold(answer.name)} has another credential, for the header ${answer.header}`,
          expiryLine(answer, body.expires_at, terminal),
        ],
      }),
    }),
    expiry: describe({
      route: 'PUT /connections/:name/expiry',
      widens: false,
      says: 'Notes when the credential expires at the API, for `remit doctor` and the metrics. Calls are still sent after that: the API decides.',
      schemas: (kit) => ({
        params: kit.ByName,
        body: kit.exactly({
          expires_at: kit.Type.Union([kit.Time, kit.Type.Null()], {
            description: 'null: not known',
          }),
        }),
        answer: ConnectionProfile(kit),
      }),
      command: ({ bold, done, moment }) => ({
        examples: [
          'remit connections expiry billing-key 90d',
          'remit connections expiry billing-key --unknown',
        ],
        takes: {
          params: { name: known },
          body: {
            expires_at: orNone(
              input('[time]', 'in 90d (also m, h, w), or at a time (RFC 3339)', {
                read: (typed, reading) => reading.expires(typed),
              }),
              input('--unknown', 'its expiry is not known'),
            ),
          },
        },
        said: ({ answer: { expires_at: at, name: of } }) =>
          at === null
            ? done`the expiry of ${bold(of)} is not known`
            : done`${bold(of)} expires ${moment(at)}`,
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
