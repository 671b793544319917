import type { SchemaKit, TypeOf } from './operation.ts'
import type { Terminal } from './terminal.ts'

/** Members that name the person in whose place a stand-in answers. */
export const StandsInFor = ({ Type }: Pick<SchemaKit, 'Type'>) => ({
  stands_in_for: Type.Union([Type.String(), Type.Null()], {
    description: 'the person in whose place, where it is that of a stand-in',
  }),
  stands_in_for_name: Type.Union([Type.String(), Type.Null()]),
})

const Answered = ({ Time, Type }: SchemaKit) =>
  Type.Object({
    person: Type.String(),
    name: Type.Union([Type.String(), Type.Null()]),
    answer: Type.Enum(['approve', 'deny']),
    consequence: Type.Union([Type.Enum(['edit', 'end_task', 'report']), Type.Null()]),
    reason: Type.Union([Type.String(), Type.Null()]),
    answered_at: Time,
    ...StandsInFor({ Type }),
  })

/** Schema of one request, with the exact call, its answers, and its outcome. */
export const WholeRequest = (kit: SchemaKit) => {
  const { AccessRequest, Time, Type } = kit
  return Type.Object({
    ...AccessRequest.properties,
    person_name: Type.Union([Type.String(), Type.Null()]),
    shown: Type.String({
      description:
        'digest of all that is shown here; an answer names it, and counts for nothing else',
    }),
    call: Type.String({ description: 'exactly what is sent: the frozen call, RFC 8785' }),
    prompts: Type.Array(Type.String()),
    rules: Type.Array(Type.String()),
    approvers: Type.Array(Type.Array(Type.String()), {
      description: 'one of each list has to approve',
    }),
    quorum: Type.Integer(),
    may: Type.Array(Type.Enum(['approve', 'deny']), { description: 'what the caller may answer' }),
    stands_in_for: Type.Union(
      [Type.Object({ person: Type.String(), name: Type.String(), until: Time }), Type.Null()],
      { description: 'who is away, and answered for by the caller' },
    ),
    why_not: Type.Union([Type.String(), Type.Null()]),
    page_required: Type.Boolean({ description: 'an approval is given on the page only' }),
    answers: Type.Array(Answered(kit)),
    executed: Type.Union([
      Type.Object({
        decision: Type.String(),
        state: Type.String(),
        status: Type.Union([Type.Integer(), Type.Null()]),
        ended_at: Type.Union([Time, Type.Null()]),
      }),
      Type.Null(),
    ]),
    edited_from: Type.Union([Type.String(), Type.Null()]),
    edited_to: Type.Union([Type.String(), Type.Null()]),
  })
}

type WholeRequestAnswer = TypeOf<{ answer: ReturnType<typeof WholeRequest> }, 'answer'>

/** Lines of one request: all of the call, and what names it. */
export function wholeRequestLines(request: WholeRequestAnswer, terminal: Terminal) {
  const { bold, facts, relative, risk, status, text } = terminal
  const { answers, executed, person, person_name: name, stands_in_for: away } = request
  return [
    text`${bold(request.text)} · ${status(request.state)}`,
    ...facts([
      ['asked by', text`${request.agent} for ${name ?? person}, ${relative(request.created_at)}`],
      ['risk', risk(request.risk)],
      ['ends', relative(request.expires_at)],
      ['why', request.prompts.join(' ') || request.rules.join(', ')],
      ['sent', request.call],
      ...answers.map(
        ({ answer, name, person: by, reason, stands_in_for, stands_in_for_name: absent }) =>
          [
            answer === 'approve' ? 'approved' : 'denied',
            text`by ${name ?? by}${stands_in_for === null ? '' : text`, for ${absent ?? stands_in_for}`}${reason === null ? '' : text`: ${reason}`}`,
          ] as const,
      ),
      [
        'executed',
        executed && text`${executed.state}${executed.status === null ? '' : ` ${executed.status}`}`,
      ],
      ['you answer', away && text`for ${away.name}, until ${terminal.moment(away.until)}`],
      ['page', request.page],
      ['shown', request.shown],
    ]),
  ]
}
