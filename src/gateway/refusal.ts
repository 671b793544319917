import { type Denied, type Executed, type Requestable, refusalOf } from '../decisions/index.ts'
import type { Challenged } from '../tokens/index.ts'
import type { OwnAnswer } from './ended.ts'

/** A decision that is no permit, as the gateway answers it. */
export function refusal(verdict: Denied | Requestable | Executed, resource: Challenged): OwnAnswer {
  const { challenge, problem, retryAfter, status } = refusalOf(verdict, resource)
  return {
    status,
    headers: {
      'remit-decision': verdict.decisionId,
      ...(challenge === undefined ? {} : { 'www-authenticate': challenge }),
      ...(retryAfter === undefined ? {} : { 'retry-after': `${retryAfter}` }),
    },
    problem,
  }
}
