import { describe, noun, type SchemaKit } from '../operation-kit/operation.ts'
import { authority, expires, person } from '../operation-kit/shared-sources.ts'
import { input, together } from '../operation-kit/source.ts'

const own = authority(
  input('--allow <action...>', 'actions, without bounds'),
  input('--allow-file <file>', 'details with bounds, as JSON'),
  'optional',
)
const delegate = input(
  '--delegate <action...>',
  'actions that it may hand on to child tasks; else none',
)

/** Details of what it may do and, said by themselves, of what it may hand on: the one is not the other. */
const details = together([own, delegate], async ([calls, hand], { authority, usage }) => {
  if (calls === undefined && hand === undefined)
    throw usage('Say what is allowed: --allow, --allow-file or --delegate')
  const handOn = hand ? await authority({ actions: hand, file: undefined }) : []
  return [...(calls ?? []), ...handOn.map((each) => ({ ...each, type: 'remit_delegate' as const }))]
})

export const Basis = ({ KeptDetail, Time, Type }: SchemaKit) =>
  Type.Object({
    id: Type.String(),
    agent: Type.String(),
    kind: Type.String(),
    details: Type.Array(KeptDetail),
    expires_at: Type.Union([Time, Type.Null()]),
  })

/** `remit bases …`: why agents may act for people. */
export const BASES = noun({
  name: 'bases',
  says: 'Why agents may act for people: consents and grants.',
  operations: {
    list: describe({
      route: 'GET /bases',
      who: 'person',
      says: 'What agents may do for you, and why.',
      schemas: (kit) => ({ answer: kit.listOf('bases', Basis(kit)) }),
      command: ({ bold, details, dim, joined, moment, table }) => ({
        prints: async ({ bases }) => {
          const lines = await Promise.all(bases.map((basis) => details(basis.details)))
          return table(
            bases.map((basis, i) => ({ ...basis, lines: lines[i] ?? [] })),
            {
              BASIS: 'id',
              AGENT: ({ agent }) => bold(agent),
              KIND: 'kind',
              UNTIL: ({ expires_at: at }) => (at === null ? dim('open') : moment(at)),
              WHAT: (each) => joined(each.lines, '; '),
            },
            'No agent may act for you.',
          )
        },
      }),
    }),
    grant: describe({
      route: 'POST /bases',
      widens: true,
      says: 'Grants, as an administrator, that an agent may act for a person within these details, without asking them: `remit_call` to do, `remit_delegate` to hand on to child tasks.',
      schemas: ({ Detail, exactly, Name, Time, Type }) => ({
        body: exactly({
          agent: Name,
          person: Type.String({ maxLength: 64 }),
          details: Type.Array(Detail, { minItems: 1, maxItems: 64 }),
          expires_at: Type.Optional(Time),
        }),
        answer: Type.Object({ id: Type.String() }),
      }),
      confirms: ({ body }) => `Let ${body.agent} act for a person without asking them`,
      command: ({ bold, done }) => ({
        says: 'Lets an agent act for a person without asking them, as an administrator.',
        examples: [
          'remit bases grant invoice-bot sam@example.com --allow billing.invoices.read',
          'remit bases grant planner-bot sam@example.com --delegate billing.invoices.read',
          'remit bases grant invoice-bot psn_… --allow-file details.json --expires 90d',
        ],
        takes: {
          body: {
            agent: input('<agent>', 'the agent'),
            person: person('<person>'),
            details,
            expires_at: expires('--expires <time>', 'from now (30d, 12h), or a time (RFC 3339)'),
          },
        },
        said: ({ answer, body, typed }) =>
          done`${bold(body.agent)} may act for ${bold(typed('<person>'))} (${answer.id})`,
      }),
    }),
    end: describe({
      route: 'POST /bases/:id/end',
      who: 'person',
      widens: false,
      says: 'Ends a basis and every task that stands on it. Done when no replica permits any more.',
      schemas: ({ ById, Nothing }) => ({ params: ById, answer: Nothing }),
      command: ({ bold, done }) => ({
        examples: ['remit bases end bas_…'],
        takes: { params: { id: input('<id>', 'your own consent; for administrators, any') } },
        said: ({ params: { id } }) =>
          done`${bold(id)} has ended, and so has every task that stood on it`,
        json: ({ params: { id } }) => ({ id, ended: true }),
      }),
    }),
  },
})
