/** The gates that ask no policy: coverage, external, approval, budget. One result per thing looked at. */
import { isLifted } from './ask.ts'
import { covers } from './covers.ts'
import type { CallFacts, ExternalAnswer, GateResult } from './gates.ts'
import type { Requestable } from './policy.ts'

/** Gate 3. What the task may do, and of that, what the token was made for. */
export function coverageGate({ details, narrowed, call, kindOf }: CallFacts): GateResult {
  const coverage = covers(details, call, kindOf)
  if (!coverage.covered) {
    const { nearest: detail, enough } = coverage
    return { gate: 'coverage', passed: false, reason: 'task.not_covered', detail, enough }
  }
  if (narrowed && !covers(narrowed, call, kindOf).covered) {
    const detail = 'the task covers the call, and the token was narrowed to less'
    const enough = 'a resource token of the same task that holds it'
    return { gate: 'coverage', passed: false, reason: 'token.not_covered', detail, enough }
  }
  return { gate: 'coverage', passed: true, detail: 'the task covers the call' }
}

const REASONS = {
  deny: 'external.denied',
  failed: 'external.failed',
  unmapped: 'external.unmapped',
} as const satisfies Record<Exclude<ExternalAnswer['answer'], 'permit'>, string>

/** Gate 6. Anything but a clear permit denies. */
export function externalGates({ external }: Pick<CallFacts, 'external'>): GateResult[] {
  if (external.length === 0) {
    return [{ gate: 'external', passed: true, detail: 'no external decision point is asked' }]
  }
  return external.map(({ name: subject, answer, detail = answer, note }) => {
    const noted = note === undefined ? {} : { note }
    const result = {
      gate: 'external' as const,
      detail: `${subject}: ${detail}`,
      subject,
      ...noted,
    }
    if (answer === 'permit') return { ...result, passed: true }
    const reason = REASONS[answer]
    return { ...result, passed: false, reason, enough: `a permit of ${subject}` }
  })
}

/** Gate 7. Passes when nothing has to be lifted, or the approval in hand names all of it in today's wording. */
export function approvalGate(
  forbids: readonly Requestable[],
  { lifted, liftedBy }: CallFacts,
): GateResult {
  const policies = forbids.map(({ id }) => id)
  if (policies.length === 0) {
    return { gate: 'approval', passed: true, detail: 'no approval is needed' }
  }
  if (forbids.every((forbid) => isLifted(forbid, lifted))) {
    const detail = liftedBy === undefined ? 'people approved this call' : `lifted by ${liftedBy}`
    return { gate: 'approval', passed: true, detail, policies }
  }
  const rules = new Set(
    forbids.flatMap(({ approvers, furtherApprovers = [] }) =>
      [approvers, ...furtherApprovers].map((names) => names.join(' or ')),
    ),
  )
  const quorum = Math.max(...forbids.map((forbid) => forbid.quorum))
  const [by, ...also] = [...rules].map((names) => (quorum > 1 ? `${quorum} of ${names}` : names))
  return {
    gate: 'approval',
    passed: false,
    reason: 'approval.required',
    detail: 'this call is executed only after people approved it',
    enough: `${quorum > 1 ? 'approvals' : 'an approval'} by ${[by, ...also].join(', and by ')}`,
    policies,
  }
}

/** Gate 8: looked at here, taken when the call is reserved. */
export function budgetGates({ budgets }: Pick<CallFacts, 'budgets'>): GateResult[] {
  if (budgets.length === 0) {
    return [{ gate: 'budget', passed: true, detail: 'the task has no budget to keep' }]
  }
  return budgets.map(({ name: subject, left, detail, reason, enough, note }) => {
    const noted = note === undefined ? {} : { note }
    const result = { gate: 'budget' as const, detail: `${subject}: ${detail}`, subject, ...noted }
    if (left) return { ...result, passed: true }
    return {
      ...result,
      passed: false,
      reason: reason ?? 'budget.exhausted',
      enough: enough ?? `a task with more ${subject} left`,
    }
  })
}
