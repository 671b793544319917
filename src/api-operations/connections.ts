import type { Static } from 'typebox'
import { describe, noun, type SchemaKit } from '../operation-kit/operation.ts'
import { expires } from '../operation-kit/shared-sources.ts'
import { input, orNone, type Source, together } from '../operation-kit/source.ts'
import type { Terminal } from '../operation-kit/terminal.ts'

const Connection = ({ Name, Time, Type }: SchemaKit) =>
  Type.Object({
    ...{ name: Name, kind: Type.String(), header: Type.String(), created_at: Time },
    replaced_at: Type.Union([Time, Type.Null()], {
      description: 'time at which the credential took the place of another',
    }),
    expires_at: Type.Union([Time, Type.Null()], {
      description:
        'time at which the credential expires, as somebody or the credential itself said; null: nobody said. Nothing stops then: the API decides',
    }),
  })

type Shown = Static<ReturnType<typeof Connection>>

const credentialOf = (kit: SchemaKit) => ({
  secret: kit.secretText({ minLength: 1, maxLength: 8192 }),
  expires_at: kit.Type.Optional(kit.Time),
})

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

/** Inputs of a new credential. */
const credential = (named: Source<string>) => ({
  secret: together(
    [named, input('--from-file <file>', 'read it from there')],
    ([of, file], { secret }) => secret(`Credential of ${of}`, file),
  ),
  expires_at: expires(
    '--expires <time>',
    'when it expires at the API: in 90d (also m, h, w), or at a time (RFC 3339); else when it says so itself, as a JWT does',
  ),
})

/** Days before an end at which somebody should look: those of `remit doctor`. */
const AHEAD_MS = 14 * 86_400_000

/** `remit connections …` */
export const CONNECTIONS = noun({
  name: 'connections',
  says: 'Credentials of APIs, which agents never see.',
  operations: {
    list: describe({
      route: 'GET /connections',
      says: 'Every connection; credentials are never shown again.',
      schemas: (kit) => ({ answer: kit.listOf('connections', Connection(kit)) }),
      command: ({ bold, dim, moment, now, red, table, yellow }) => ({
        prints: ({ connections }) =>
          table(
            connections,
            {
              NAME: (each) => bold(each.name),
              KIND: 'kind',
              HEADER: 'header',
              SINCE: ({ created_at, replaced_at }) => moment(replaced_at ?? created_at),
              EXPIRES: ({ expires_at: at }) => {
                if (at === null) return dim('not known')
                const left = Date.parse(at) - now()
                if (left <= 0) return red(`expired ${moment(at)}`)
                return left < AHEAD_MS ? yellow(moment(at)) : moment(at)
              },
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
          ...credentialOf(kit),
        }),
        answer: Connection(kit),
      }),
      confirms: ({ body }) => `Keep the credential ${body.name} for an API`,
      command: (terminal) => ({
        examples: [
          'remit connections add billing-key --bearer',
          'remit connections add billing-key --bearer --expires 90d',
          'remit connections add billing-key --bearer --header X-Api-Key --from-file key.txt',
          'pass show billing | remit connections add billing-key --bearer',
        ],
        takes: { body: { name, kind, header, ...credential(name) } },
        said: ({ answer, body }) => [
          terminal.done`${terminal.bold(answer.name)} is kept, for the header ${answer.header}`,
          expiryLine(answer, body.expires_at, terminal),
          terminal.dim(`  use it: remit resources connect API ${answer.name}`),
        ],
      }),
    }),
    replace: describe({
      route: 'PUT /connections/:name/credential',
      widens: true,
      says: 'Puts another credential in the place of the one that is there. Calls that begin afterwards get it.',
      schemas: (kit) => ({
        params: kit.ByName,
        body: kit.exactly(credentialOf(kit)),
        answer: Connection(kit),
      }),
      confirms: ({ params }) => `Put another credential in the place of ${params.name}`,
      command: (terminal) => ({
        examples: [
          'remit connections replace billing-key',
          'remit connections replace billing-key --expires 2027-06-01T00:00:00Z --from-file key.txt',
        ],
        takes: { params: { name: known }, body: credential(known) },
        said: ({ answer, body }) => [
          terminal.done`${terminal.bold(answer.name)} has another credential, for the header ${answer.header}`,
          expiryLine(answer, body.expires_at, terminal),
        ],
      }),
    }),
    expiry: describe({
      route: 'PUT /connections/:name/expiry',
      widens: false,
      says: 'Notes when the credential expires at the API, for `remit doctor` and the metrics. Nothing stops then.',
      schemas: (kit) => ({
        params: kit.ByName,
        body: kit.exactly({
          expires_at: kit.Type.Union([kit.Time, kit.Type.Null()], {
            description: 'null: nobody knows',
          }),
        }),
        answer: Connection(kit),
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
              input('--unknown', 'nobody knows'),
            ),
          },
        },
        said: ({ answer: { expires_at: at, name: of } }) =>
          at === null
            ? done`nobody knows when ${bold(of)} expires`
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

/** What is known of its end, and from whom. */
function expiryLine(
  { expires_at: at, name: of }: Shown,
  given: string | undefined,
  { dim, moment, now, red }: Pick<Terminal, 'dim' | 'moment' | 'now' | 'red'>,
) {
  if (at === null) return dim(`  nobody said when it expires: remit connections expiry ${of} 90d`)
  const whose = given === undefined ? ', as it says itself' : ''
  return Date.parse(at) <= now()
    ? red(`  it expired ${moment(at)}${whose}`)
    : dim(`  it expires ${moment(at)}${whose}`)
}
