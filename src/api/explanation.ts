import { type Static, Type } from 'typebox'
import type { Explanation as Noun, OperatorExplanation, OperatorGate } from '../analysis/index.ts'
import type { StoredDecision } from '../decision-log/index.ts'
import { Decision, Time } from '../operations/schemas.ts'
import type { ExplainedRule } from '../policy/index.ts'
import { decisionShape, time } from './shapes.ts'

const nullable = Type.Union([Type.String(), Type.Null()])

/** A policy as it was written. */
const Rule = Type.Object({
  id: Type.String(),
  text: Type.String(),
  file: Type.Optional(Type.String()),
  line: Type.Integer({ description: 'where it begins in the file, or in the whole text; from 1' }),
  link: Type.Optional(
    Type.Object(
      { file: Type.Optional(Type.String()), line: Type.Integer() },
      { description: 'where the link is that makes the rule, when it is that of a template' },
    ),
  ),
  digest: Type.String(),
  description: Type.Optional(Type.String()),
  advice: Type.Optional(Type.String()),
  why: Type.Array(
    Type.String({ description: 'what made it hold; of one that did not, what was missing' }),
  ),
})

export const Gate = Type.Object({
  gate: Type.String(),
  passed: Type.Boolean(),
  reason: Type.Optional(Type.String({ description: 'a code; see docs/problems' })),
  detail: Type.Optional(Type.String()),
  enough: Type.Optional(Type.String()),
  subject: Type.Optional(Type.String({ description: 'the person or agent that was looked at' })),
  note: Type.Optional(Type.String()),
  policies: Type.Optional(Type.Array(Rule, { description: 'those that determined it' })),
  nearest: Type.Optional(
    Type.Array(Rule, { description: 'where nothing permitted it: the permits that came nearest' }),
  ),
})

/** What people were asked, or would have been. */
export const Ask = Type.Object({
  forbids: Type.Array(Type.Object({ id: Type.String(), digest: Type.String() })),
  approvers: Type.Array(Type.Array(Type.String()), {
    description: 'every rule must be met; any one name in it meets it',
  }),
  quorum: Type.Integer(),
  lifetime_seconds: Type.Integer(),
  risk: Type.String(),
  prompts: Type.Array(Type.String()),
})

/** How unusual the call was (docs/risk.md). */
const Weighed = Type.Object({
  class: Type.String(),
  score: Type.Optional(Type.Integer({ description: '0 to 100; for administrators' })),
  signals: Type.Array(
    Type.Object({
      signal: Type.String(),
      says: Type.String(),
      points: Type.Optional(Type.Integer({ description: 'what it added to the score' })),
    }),
  ),
})

/** Why a call was answered as it was. What is optional after `gates` is there for administrators only. */
export const Explanation = Type.Intersect([
  Decision,
  Type.Object({
    resource: nullable,
    request: nullable,
    allowance: Type.Union([Type.String(), Type.Null()], {
      description: 'the allowance that lifted what stood in the way',
    }),
    ended_at: Type.Union([Time, Type.Null()]),
    presumed: Type.Optional(
      Type.Object(
        { state: Type.Literal('indeterminate'), at: Time },
        { description: 'what was recorded before the true outcome was known' },
      ),
    ),
    settled: Type.Optional(
      Type.Array(
        Type.Object({
          limit: Type.String(),
          owner: Type.String({ description: 'the task, or the standing limit' }),
          reserved: Type.String({ description: 'what was taken before the answer was known' }),
          amount: Type.String({ description: 'what is taken by now' }),
          by: Type.String({
            description:
              '`answer`, or why it stays at what was reserved: `failed`, `cut`, `too_large`, `not_json`, `not_there`, `unreported`, `indeterminate`',
          }),
        }),
      ),
    ),
    detail: Type.Optional(Type.String()),
    enough: Type.Optional(Type.String({ description: 'what would have been enough' })),
    hints: Type.Array(
      Type.String({
        description: 'what of the call itself stood in the way, fit for whoever made it',
      }),
    ),
    approval_would_help: Type.Boolean(),
    gates: Type.Array(Gate),
    risk: Type.Optional(Weighed),
    person_name: Type.Optional(nullable),
    call_hash: Type.Optional(nullable),
    policy_version: Type.Optional(Type.Union([Type.Integer(), Type.Null()])),
    replica: Type.Optional(Type.String()),
    facts: Type.Optional(
      Type.Enum(['facts', 'stopped', 'erased'], {
        description:
          'what it was decided from: kept, none because it was stopped before, or erased',
      }),
    ),
    ask: Type.Optional(Ask),
  }),
])

/** What the represented person may see. */
export function explanationShape(decision: StoredDecision, told: Noun): Static<typeof Explanation> {
  const { approvalWouldHelp, detail, enough, gates, hints, risk, settlements } = told
  return {
    ...decisionShape(decision),
    resource: decision.resource,
    request: decision.requestId,
    allowance: decision.allowanceId,
    ended_at: decision.endedAt === null ? null : time(decision.endedAt),
    ...(decision.presumedAt === null
      ? {}
      : { presumed: { state: 'indeterminate' as const, at: time(decision.presumedAt) } }),
    ...(settlements.length === 0 ? {} : { settled: settlements.map(settledShape) }),
    ...(detail === undefined ? {} : { detail }),
    ...(enough === undefined ? {} : { enough }),
    hints: [...hints],
    approval_would_help: approvalWouldHelp,
    gates: [...gates],
    ...(risk ? { risk: { ...risk, signals: [...risk.signals] } } : {}),
  }
}

function settledShape({ amount, by, name, owner, reserved }: Noun['settlements'][number]) {
  return { limit: name, owner, reserved, amount, by }
}

/** All that is known, with the policies. */
export function operatorShape(
  decision: StoredDecision,
  told: OperatorExplanation,
  personName: string | null,
): Static<typeof Explanation> {
  const { ask, callHash, facts, gates, policyVersion, replicaId } = told
  return {
    ...explanationShape(decision, told),
    gates: gates.map(gateShape),
    person_name: personName,
    call_hash: callHash,
    policy_version: policyVersion,
    replica: replicaId,
    facts,
    ...(ask ? { ask: askShape(ask) } : {}),
  }
}

/** For operators. */
export function gateShape({ nearest, policies, ...gate }: OperatorGate): Static<typeof Gate> {
  return { ...gate, policies: policies.map(ruleShape), nearest: nearest.map(ruleShape) }
}

function ruleShape({
  advice,
  description,
  digest,
  file,
  id,
  line,
  link,
  text,
  why,
}: ExplainedRule) {
  return {
    id,
    text,
    digest,
    line,
    why: [...why],
    ...(file === undefined ? {} : { file }),
    ...(link === undefined ? {} : { link: placeShape(link) }),
    ...(description === undefined ? {} : { description }),
    ...(advice === undefined ? {} : { advice }),
  }
}

function placeShape({ file, line }: Pick<ExplainedRule, 'file' | 'line'>) {
  return { ...(file === undefined ? {} : { file }), line }
}

export function askShape(ask: NonNullable<OperatorExplanation['ask']>): Static<typeof Ask> {
  const { approvers, forbids, lifetimeSeconds, prompts, quorum, risk } = ask
  return {
    forbids: forbids.map(({ digest, id }) => ({ id, digest })),
    approvers: approvers.map((names) => [...names]),
    quorum,
    lifetime_seconds: lifetimeSeconds,
    risk,
    prompts: [...prompts],
  }
}
