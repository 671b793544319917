/** The official engine, asked the fastest way that it offers: a set that was parsed before, under a name. */
import * as cedar from '@cedar-policy/cedar-wasm/nodejs'
import type { Question } from './cases.ts'
import { type Json, raw } from './json.ts'
import type { PolicySet } from './policies.ts'

/** Parts of an answer that are compared. */
export interface Answer {
  readonly permitted: boolean
  readonly determining: ReadonlySet<string>
  readonly errors: ReadonlySet<string>
}

/** Parsed sets are never forgotten, so one name serves them all. */
const NAME = 'differential'

export class Oracle {
  /** @throws Error with the official engine's words when it does not take the set */
  constructor(set: PolicySet | cedar.PolicySet) {
    mustSucceed(cedar.preparsePolicySet(NAME, raw(set as Json) as cedar.PolicySet)) // as: Cedar's own form
  }

  /** @throws Error when it cannot read the request or the entities */
  ask({ entities, request }: Question): Answer {
    const answer = cedar.statefulIsAuthorized({
      ...request,
      context: raw(request.context) as cedar.Context, // as: Cedar's own form
      entities: raw(entities) as unknown as cedar.Entities, // as: the same
      preparsedPolicySetId: NAME,
      validateRequest: false,
    })
    if (answer.type !== 'success') throw new Error(answer.errors[0]?.message ?? 'no answer')
    const { decision, diagnostics } = answer.response
    return {
      permitted: decision === 'allow' && diagnostics.errors.length === 0,
      determining: new Set(diagnostics.reason),
      errors: new Set(diagnostics.errors.map(({ policyId }) => policyId)),
    }
  }
}

export function mustSucceed(answer: cedar.CheckParseAnswer): void {
  if (answer.type !== 'success') throw new Error(answer.errors.map(wordsOf).join('; '))
}

function wordsOf({ message, help, related }: cedar.DetailedError): string {
  return [message, help ?? '', ...(related ?? []).map(wordsOf)].filter(Boolean).join(': ')
}
