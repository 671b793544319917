import { type GrantParts, type Poll, pollDeferral } from '../../../grants/grants/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { type Form, required } from '../form.ts'
import { openingAnswer, refusalProblem, type TokenAnswer } from '../token-answer.ts'
import { type RequestCredentials, refuseAllBut } from './read.ts'

/** All parameters of a poll: the request itself is fixed. */
const OF_A_POLL = ['grant_type', 'client_id', 'client_assertion', 'client_assertion_type']

/** Polls for the answer of a person, in each protocol by which an agent waits: its code has another name. */
function polling(flow: Poll['flow'], name: string) {
  return async (
    parts: GrantParts,
    presented: RequestCredentials,
    form: Form,
  ): Promise<TokenAnswer> => {
    refuseAllBut(form, [...OF_A_POLL, name], 'is not accepted here: what was asked for is fixed')
    const answer = await pollDeferral(parts, {
      ...presented,
      flow,
      code: required(form, name),
      assertion: form.get('client_assertion'),
      assertionType: form.get('client_assertion_type'),
      clientId: form.get('client_id'),
    })
    if (answer.outcome === 'refused') throw refusalProblem(answer)
    if (answer.outcome === 'opened') return openingAnswer(answer)
    const { page } = answer
    if (page === undefined) throw new Problem('deferral.pending', 'no one has answered yet')
    throw new Problem('deferral.person_needed', 'the person has not answered yet', {
      members: { interaction_uri: page },
    })
  }
}

/** Deferred Token Response, "Polling". */
export const deferred = polling('deferred', 'deferral_code')
/** OpenID CIBA section 10.1. */
export const ciba = polling('ciba', 'auth_req_id')
/** RFC 8628 section 3.4. */
export const deviceCode = polling('device', 'device_code')
