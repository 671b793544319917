import { LEDGER } from '../../console/api-operations/ledger.ts'
import { describe, noun, type SchemaKit } from '../../console/operation-kit/operation.ts'
import { person } from '../../console/operation-kit/shared-sources.ts'
import { input, repeated, together } from '../../console/operation-kit/source.ts'

const TextOrNull = ({ Type }: SchemaKit) => Type.Union([Type.String(), Type.Null()])
const TimeOrNull = ({ Time, Type }: SchemaKit) => Type.Union([Time, Type.Null()])

export const Hold = (kit: SchemaKit) =>
  kit.Type.Object({
    id: kit.Type.String(),
    matter: kit.Type.String(),
    person: TextOrNull(kit),
    agent: TextOrNull(kit),
    task: kit.Type.Union([kit.Type.String(), kit.Type.Null()], {
      description: 'this task and all of its tree',
    }),
    resource: TextOrNull(kit),
    from_at: TimeOrNull(kit),
    until_at: TimeOrNull(kit),
    set_by: kit.Type.String(),
    set_at: kit.Time,
    lifted_by: TextOrNull(kit),
    lifted_at: TimeOrNull(kit),
  })

export const Erasure = (kit: SchemaKit) =>
  kit.Type.Object({
    id: kit.Type.String(),
    person: kit.Type.String(),
    asked_by: kit.Type.String(),
    asked_at: kit.Time,
    erased: kit.Type.Integer({ description: 'rows so far' }),
    held: kit.Type.Integer({ description: 'rows that a hold kept' }),
    done_at: TimeOrNull(kit),
    account: kit.Type.Enum(['stays', 'goes', 'held', 'erased'], {
      description: 'what becomes of the account; held: a legal hold keeps it',
    }),
  })

export const KeptClass = (kit: SchemaKit) =>
  kit.Type.Object({
    name: kit.Type.String(),
    days: kit.Type.Union([kit.Type.Integer(), kit.Type.Null()], { description: 'null: for ever' }),
    erased: kit.Type.Integer({ description: 'rows that went by this rule so far' }),
    erased_at: TimeOrNull(kit),
    due: kit.Type.Integer({ description: 'rows that would go next, of 1,000 looked at' }),
    held: kit.Type.Integer({ description: 'of these, rows that a hold keeps' }),
    more: kit.Type.Boolean({ description: 'there may be more than was looked at' }),
  })

/** Reference of a matter: no words about people, because records of it are never erased. */
const matter = { minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9][A-Za-z0-9._/-]*$' }

/** `remit retention …` */
export const RETENTION = noun({
  name: 'retention',
  says: 'What is kept how long, what a legal hold keeps, and what a person has erased.',
  operations: {
    show: describe({
      route: 'GET /retention',
      says: 'What is kept how long by the settings, what is held, what would go next, and what went. Changes nothing.',
      schemas: (kit) => ({
        answer: kit.Type.Object({
          classes: kit.Type.Array(KeptClass(kit)),
          holds: kit.Type.Array(Hold(kit)),
          erasures: kit.Type.Array(Erasure(kit)),
        }),
      }),
      command: ({ dim, moment, table }) => ({
        prints: ({ classes, erasures, holds }) => [
          ...table(
            classes,
            {
              WHAT: 'name',
              KEPT: ({ days }) => (days === null ? 'for ever' : `${days} d`),
              NEXT: ({ due, more }) => `${due}${more ? '+' : ''}`,
              HELD: ({ held, more }) => `${held}${more ? '+' : ''}`,
              GONE: ({ erased }) => String(erased),
              LAST: ({ erased_at }) => (erased_at === null ? '' : moment(erased_at)),
            },
            'Nothing.',
          ),
          '',
          ...table(
            holds,
            {
              HOLD: 'id',
              MATTER: 'matter',
              COVERS: scopeInWords,
              SET: ({ set_at }) => moment(set_at),
            },
            'No legal hold stands.',
          ),
          ...(erasures.length === 0
            ? []
            : [
                '',
                ...table(
                  erasures,
                  {
                    ERASURE: 'id',
                    PERSON: 'person',
                    ERASED: ({ erased }) => String(erased),
                    HELD: ({ held }) => String(held),
                    ACCOUNT: 'account',
                    DONE: ({ done_at }) => (done_at === null ? dim('goes on') : moment(done_at)),
                  },
                  '',
                ),
              ]),
        ],
      }),
    }),
    hold: describe({
      route: 'POST /retention/holds',
      widens: false,
      says: 'Sets a legal hold. From the answer on, nothing that it covers is deleted or erased, whatever rule or request says so. It covers what matches everything that it names.',
      schemas: (kit) => ({
        body: kit.exactly({
          matter: kit.Type.String({
            ...matter,
            description: 'reference of the matter, such as a case number; it is recorded for ever',
          }),
          person: kit.Type.Optional(kit.Type.String({ maxLength: 64 })),
          agent: kit.Type.Optional(kit.Type.String({ maxLength: 512 })),
          task: kit.Type.Optional(kit.Type.String({ maxLength: 64 })),
          resource: kit.Type.Optional(kit.Type.String({ maxLength: 64 })),
          from_at: kit.Type.Optional(kit.Time),
          until_at: kit.Type.Optional(kit.Time),
        }),
        answer: Hold(kit),
      }),
      command: ({ bold, done }) => ({
        examples: [
          'remit retention hold case-17 --person sam',
          'remit retention hold audit-2026 --resource orders --from 2026-01-01T00:00:00Z --until 2026-04-01T00:00:00Z',
        ],
        takes: {
          body: {
            matter: input(
              '<matter>',
              'its reference, such as a case number; no words about people',
            ),
            person: person('--person <person>', 'all about this person: id, e-mail or name'),
            agent: input('--agent <agent>', 'all about this agent'),
            task: input('--task <id>', 'all about this task and its tree'),
            resource: input('--resource <resource>', 'all about this API'),
            from_at: input('--from <time>', 'made at this time or later (RFC 3339)'),
            until_at: input('--until <time>', 'made before this time (RFC 3339)'),
          },
        },
        said: ({ answer }) =>
          done`${bold(answer.id)} holds ${scopeInWords(answer)} for ${answer.matter}`,
      }),
    }),
    lift: describe({
      route: 'DELETE /retention/holds/:id',
      widens: true,
      says: 'Lifts a legal hold. What it kept goes by the rules again.',
      schemas: (kit) => ({ params: kit.ById, answer: Hold(kit) }),
      confirms: ({ params }) =>
        `Lift the legal hold ${params.id}: what it keeps can be deleted then`,
      command: ({ bold, done }) => ({
        examples: ['remit retention lift hld_…'],
        takes: { params: { id: input('<id>', 'the hold') } },
        asks: ({ params }) => [
          `Lift the legal hold ${params.id}? What it keeps can be deleted then.`,
          'Nothing was changed',
        ],
        said: ({ answer }) => done`the legal hold ${bold(answer.id)} is lifted`,
      }),
    }),
    erase: describe({
      route: 'POST /retention/erasures',
      widens: true,
      says: 'Erases what is known of a person, as they asked for: arguments, addresses and texts in records and decisions about them, their notices, ended access requests, and purpose and details of closed tasks. It goes on in the background. Decisions and records stay, with ids and hashes; the tree and its proofs stay as they are. What a legal hold covers stays. The account stays, too, unless `account` says otherwise: then it ends at once, with all tasks, and is erased last.',
      schemas: (kit) => ({
        body: kit.exactly({
          person: kit.Type.String({ minLength: 1, maxLength: 64 }),
          account: kit.Type.Optional(
            kit.Type.Boolean({
              description:
                'the account ends, for good, and is erased: name, address, groups, passkeys, channels',
            }),
          ),
        }),
        answer: Erasure(kit),
      }),
      confirms: ({ body }) =>
        body.account
          ? `End the account of the person ${body.person}, and erase it and what is known of them, for ever`
          : `Erase what is known of the person ${body.person}, for ever`,
      command: ({ bold, dim, done }) => ({
        examples: ['remit retention erase sam', 'remit retention erase sam --account'],
        takes: {
          body: {
            person: person('<person>', 'id, e-mail or name', true),
            account: input('--account', 'end the account, too, and erase it'),
          },
        },
        asks: ({ body }) => [
          body.account
            ? `End the account of ${body.person}, and erase it and what is known of them, for ever?`
            : `Erase what is known of ${body.person}, for ever?`,
          'Nothing was erased',
        ],
        said: ({ answer, body }) => [
          ...(body.account ? [done`the account of ${bold(answer.person)} has ended`] : []),
          done`what is known of ${bold(answer.person)} is being erased: ${answer.id}`,
          dim('  remit retention show says how far it is'),
        ],
      }),
    }),
  },
})

function scopeInWords(hold: {
  readonly person: string | null
  readonly agent: string | null
  readonly task: string | null
  readonly resource: string | null
  readonly from_at: string | null
  readonly until_at: string | null
}): string {
  const { agent, from_at: from, person: who, resource, task, until_at: until } = hold
  return [
    ...(who === null ? [] : [`person ${who}`]),
    ...(agent === null ? [] : [`agent ${agent}`]),
    ...(task === null ? [] : [`task ${task}`]),
    ...(resource === null ? [] : [`resource ${resource}`]),
    ...(from === null ? [] : [`from ${from}`]),
    ...(until === null ? [] : [`until ${until}`]),
  ].join(', ')
}

/**
 * Reasons for erasing values, as the record says it: never words of people, which could not be
 * erased again.
 */
const WHY = ['requested', 'retention', 'mistake'] as const

const MAX_ERASED = 1_000

const decision = input('[decision]', 'everything that was recorded about it')
const positions = repeated(
  '--position <number>',
  'a record, by its place in the ledger; repeat it',
  {
    looks: /^\d{1,15}$/,
    otherwise: 'a number from 0',
    read: Number,
  },
)

/** Part of `remit ledger …`: values beside records are erased, unless a legal hold keeps them. */
export const LEDGER_ERASURE = noun({
  ...LEDGER,
  operations: {
    erase: describe({
      route: 'POST /ledger/erase',
      widens: true,
      says: 'Erases arguments, addresses and other values beside records of the ledger, and what the decisions they are about were made from. It cannot be taken back. Tree and proofs stay as they are, and that it was done is recorded.',
      schemas: ({ exactly, Type }) => ({
        body: exactly({
          decision: Type.Optional(
            Type.String({ maxLength: 64, description: 'everything recorded about this decision' }),
          ),
          positions: Type.Optional(
            Type.Array(Type.Integer({ minimum: 0 }), {
              minItems: 1,
              maxItems: MAX_ERASED,
              uniqueItems: true,
              description: 'these records, where no decision is named',
            }),
          ),
          why: Type.Enum([...WHY]),
        }),
        answer: Type.Object({
          positions: Type.Array(Type.Integer()),
          erased: Type.Integer({
            description: 'records that had values; the others had none left',
          }),
        }),
      }),
      confirms: ({ body }) => `Erase values beside the ledger for good: ${body.why}`,
      command: ({ bold, dim, done }) => ({
        says: 'Erases the values beside records: arguments, addresses, words. For ever; the tree still verifies.',
        examples: [
          'remit ledger erase dec_… --why requested',
          'remit ledger erase --position 120 --position 121 --why retention',
        ],
        takes: {
          body: {
            decision: together([decision, positions], ([id, places], { usage }) => {
              if ((id === undefined) !== (places === undefined)) return id
              throw usage('either a decision, or --position', 'remit ledger erase --help')
            }),
            positions,
            why: input(
              '--why <why>',
              'a person asked for it, its time is over, or it should not be there',
              { choices: WHY, required: true },
            ),
          },
        },
        asks: ({ body }) => {
          const what = body.decision ?? `records ${body.positions?.join(', ')}`
          return [`Erase the values of ${what}, for ever?`, 'Nothing was erased']
        },
        said: ({ answer }) => [
          done`erased what ${bold(answer.erased)} of ${answer.positions.length} records had beside them`,
          dim('  the tree and its proofs stay as they are; that it was done is recorded'),
        ],
      }),
    }),
  },
})
