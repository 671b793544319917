import { describe, noun, type SchemaKit, type TypeOf } from '../operation-kit/operation.ts'
import { limit } from '../operation-kit/shared-sources.ts'
import { input } from '../operation-kit/source.ts'
import type { Terminal } from '../operation-kit/terminal.ts'

export const BreakGlass = ({ Time, Type }: SchemaKit) => {
  const TextOrNull = Type.Union([Type.String(), Type.Null()])
  return Type.Object({
    id: Type.String(),
    request: Type.String({ description: 'the access request that it answered' }),
    text: Type.String({ description: 'the call, in words' }),
    agent: Type.String(),
    action: Type.String(),
    person: Type.String({ description: 'who approved it alone' }),
    name: TextOrNull,
    reason: Type.String(),
    opened_at: Time,
    ends_at: Time,
    used: Type.Boolean({ description: 'the call was sent' }),
    review_due_at: Time,
    reviewed_at: Type.Union([Time, Type.Null()]),
    reviewed_by: TextOrNull,
    reviewer: TextOrNull,
    verdict: Type.Union([Type.Enum(['justified', 'not_justified']), Type.Null()]),
    note: TextOrNull,
    page: Type.String(),
  })
}

type BreakGlassAnswer = TypeOf<{ answer: ReturnType<typeof BreakGlass> }, 'answer'>

function lines(each: BreakGlassAnswer, { bold, facts, relative, text }: Terminal) {
  const { name, note, person, reviewed_by, reviewer, used, verdict } = each
  return [
    bold(each.text),
    ...facts([
      ['id', each.id],
      ['by', text`${name ?? person}, ${relative(each.opened_at)}`],
      ['because', each.reason],
      ['agent', each.agent],
      ['the call', used ? 'was sent' : text`not sent; approved until ${each.ends_at}`],
      verdict === null
        ? ['review', text`open, due ${relative(each.review_due_at)}`]
        : [
            'review',
            text`${verdict.replace('_', ' ')}, by ${reviewer ?? reviewed_by ?? ''}: ${note ?? ''}`,
          ],
      ['page', each.page],
    ]),
    '',
  ]
}

/** `remit break-glass …` */
export const BREAK_GLASS = noun({
  name: 'break-glass',
  says: 'Calls that one person approved alone in an emergency, and their reviews.',
  operations: {
    list: describe({
      id: 'breakglass.list',
      route: 'GET /break-glass',
      who: 'person',
      says: 'What the caller approved alone, the latest first; for administrators, what everybody did.',
      schemas: (kit) => ({
        query: kit.exactly({
          ...kit.Page,
          after: kit.Type.Optional(kit.Type.String({ maxLength: 64 })),
        }),
        answer: kit.listOf('approvals', BreakGlass(kit)),
      }),
      command: (terminal) => ({
        says: 'What you approved alone; for administrators, what everybody did.',
        takes: { query: { limit, after: input('--after <id>', 'what stands behind this one') } },
        prints: ({ approvals }) =>
          approvals.length === 0
            ? [terminal.dim('It was not used.')]
            : approvals.flatMap((each) => lines(each, terminal)).slice(0, -1),
      }),
    }),
    open: describe({
      id: 'breakglass.open',
      route: 'POST /break-glass',
      who: 'person',
      widens: true,
      confirmedInDevelopment: true,
      says: 'Approves one call alone, once, where every rule that asks names the caller for emergencies. Administrators are told at once, and one of them has to review it. Confirmed by the caller on a page; calls of high risk are approved on their own page only.',
      schemas: (kit) => ({
        body: kit.exactly({
          request: kit.Type.String({ minLength: 1, maxLength: 64 }),
          shown: kit.Type.String({
            maxLength: 64,
            description: '`shown` of the request as the caller saw it',
          }),
          reason: kit.Type.String({
            ...{ minLength: 10, maxLength: 500 },
            description: 'why it cannot wait; everybody who is told reads it',
          }),
        }),
        answer: BreakGlass(kit),
      }),
      confirms: ({ body }) => `Approve the call of ${body.request} alone, in an emergency`,
    }),
    review: describe({
      id: 'breakglass.review',
      route: 'POST /break-glass/:id/review',
      widens: true,
      says: 'Reviews a call that another person approved alone. The review ends the approval, if it is unused.',
      schemas: (kit) => ({
        params: kit.ById,
        body: kit.exactly({
          verdict: kit.Type.Enum(['justified', 'not_justified']),
          note: kit.Type.String({
            ...{ minLength: 1, maxLength: 500 },
            description: 'what the caller found; the person who approved is told',
          }),
        }),
        answer: BreakGlass(kit),
      }),
      confirms: ({ body, params }) =>
        `Review the emergency approval ${params.id}: ${String(body.verdict).replace('_', ' ')}`,
      command: ({ bold, done }) => ({
        examples: [
          'remit break-glass review bgl_… --verdict justified --note "payments were down"',
        ],
        takes: {
          params: { id: input('<id>', 'the approval') },
          body: {
            verdict: input('--verdict <word>', 'what you found', {
              choices: ['justified', 'not_justified'],
              required: true,
            }),
            note: input('--note <text>', 'why; the person who approved is told', {
              required: true,
            }),
          },
        },
        said: ({ answer }) => done`${bold(answer.text)} is reviewed`,
      }),
    }),
  },
})
