import { type GrantParts, type Poll, pollDeferral } from '../../grants/index.ts'
import { Problem } from '../../lib/problem.ts'
import { type Form, required } from '../form.ts'
import { openingAnswer, refusalProblem, type TokenAnswer } from '../token-answer.ts'
import { type RequestCredentials, refuseAllBut } from './read.ts'

/** All that a poll carries: what was asked for is fixed. */
const OF_A_POLL = ['grant_type', 'client_id', 'client_assertion', 'client_assertion_type']

/** Polling for the answer to a deferred request (Deferred Token Response, "Polling"). */
export async function deferred(
  parts: GrantParts,
  presented: RequestCredentials,
  form: Form,
): Promise<TokenAnswer> {
  return polled(parts, presented, form, { flow: 'deferred', name: 'deferral_code' })
}

/** The same for each protocol by which an agent waits: its code has another name. */
export async function polled(
  parts: GrantParts,
  presented: RequestCredentials,
  form: Form,
  { flow, name }: { readonly flow: Poll['flow']; readonly name: string },
): Promise<TokenAnswer> {
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
  if (page === undefined) throw new Problem('deferral.pending', 'nobody has answered yet')
  throw new Problem('deferral.person_needed', 'the person has not answered yet', {
    members: { interaction_uri: page },
  })
}
