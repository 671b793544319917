import { type Static, Type } from 'typebox'
import { recordOutcome } from '../../../calls/calls/index.ts'
import type { MachineClient } from '../../../identity/machine-clients/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { DAY } from '../../../platform/lib/time-units.ts'
import { type ReportedAmount, saidAs } from '../../../tasks/budgets/index.ts'
import { findDecision, type StoredDecision } from '../../../tasks/decision-log/index.ts'
import type { ApiParts } from '../parts.ts'

/** A part of an answer that says how much a call takes of limits. */
export const AnswerPart = Type.Object({
  limit: Type.Enum(['charged', 'rows'], {
    description: '`charged`: numbers, added up. `rows`: lists, by how many items they have',
  }),
  path: Type.String({
    description: 'JSON Pointer into the answer; `*` is every item or member',
    maxLength: 256,
  }),
})

const closed = { additionalProperties: false } as const

/** Outcome of a call, as the API tells it. */
export const ReportedOutcome = Type.Object(
  {
    state: Type.Enum(['answered', 'failed', 'not_sent'], {
      description:
        '`answered`: the API answered, whatever it said. `failed`: it began, and how far it came is not known. `not_sent`: it provably did not begin; approval and budget are given back',
    }),
    status: Type.Optional(Type.Integer({ minimum: 100, maximum: 599 })),
    latency_ms: Type.Optional(Type.Integer({ minimum: 0, maximum: DAY })),
    amounts: Type.Optional(
      Type.Array(
        Type.Object(
          {
            ...AnswerPart.properties,
            amount: Type.String({
              pattern: '^[0-9]{1,30}(\\.[0-9]{1,30})?$',
              description: 'exact: `12.50`, or of rows how many',
            }),
          },
          closed,
        ),
        { maxItems: 32, description: 'what the permit `settles`, as the answer says it' },
      ),
    ),
  },
  closed,
)

/**
 * Records the outcome of a call, once, from an enforcement point of the API that the call was to.
 * @throws Problem `decision.unknown`, `decision.ended`
 */
export async function reportOutcome(
  parts: Pick<ApiParts, 'decisions'>,
  enforcer: MachineClient<'enforcer'>,
  { id, outcome }: { readonly id: string; readonly outcome: Static<typeof ReportedOutcome> },
): Promise<void> {
  const decision = await findDecision(parts.decisions.storage.read, id)
  // INVARIANT: an API speaks of its own calls only; those of others look like none at all.
  if (decision?.resource !== enforcer.settings.resource || decision.outcome !== 'permit')
    throw new Problem('decision.unknown', `there is no permitted call \`${id}\``)
  const { latency_ms, state, status } = outcome
  const done = await recordOutcome(parts.decisions, id, {
    state,
    status,
    latencyMs: latency_ms,
    ...(state === 'answered' ? {} : { reason: 'api.reported' }),
    ...saidIn(decision, outcome),
  })
  if (!done) throw new Problem('decision.ended', 'the outcome of this call was already recorded')
}

/**
 * Reads the amounts that were reported; nothing where no limit was looked at, since nothing could
 * be settled.
 */
function saidIn(
  { explanation }: StoredDecision,
  { amounts, state }: Static<typeof ReportedOutcome>,
): { readonly said?: ReportedAmount } {
  if (!explanation.gates.some(({ gate, subject }) => gate === 'budget' && subject)) return {}
  if (state === 'failed') return { said: { unsaid: 'failed' } }
  if (!amounts) return { said: { unsaid: 'unreported' } }
  return { said: saidAs(amounts.map(({ limit, ...rest }) => ({ kind: limit, ...rest }))) }
}
