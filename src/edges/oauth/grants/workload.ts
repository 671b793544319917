import { type GrantParts, openTask } from '../../../grants/grants/index.ts'
import type { GrantRefusal } from '../../../grants/issuance/index.ts'
import type { ProblemCode } from '../../../platform/lib/problem.ts'
import { type Form, refuseParameters, required } from '../form.ts'
import { CLIENT_ASSERTION_TYPE } from '../grant-types.ts'
import { openingAnswer, type TokenAnswer } from '../token-answer.ts'
import { type RequestCredentials, refuseActor, taskOf } from './read.ts'

/**
 * The Workload Authorization Grant: a token of a trusted issuer opens a task for the agent that it names, without any other
 * authentication (draft-carleton-workload-authz-grant section 5). `client_id` means nothing here. There is no refresh token.
 */
export async function workloadGrant(
  parts: GrantParts,
  presented: RequestCredentials,
  form: Form,
): Promise<TokenAnswer> {
  refuseActor(form)
  refuseParameters(
    form,
    ['client_assertion', 'client_secret'],
    'is not accepted here: the assertion says who it is',
  )
  refuseParameters(form, ['subject_token'], 'is not accepted here: the agent acts for itself')
  const answer = await openTask(parts, 'workload', {
    ...presented,
    assertion: required(form, 'assertion'),
    assertionType: CLIENT_ASSERTION_TYPE,
    resource: form.get('resource'),
    ...taskOf(form),
    grantId: form.get('sponsor_grant'),
  })
  const opened = openingAnswer(answer.outcome === 'refused' ? asGrant(answer) : answer)
  const { authorization_details: _, scope = actionsOf(answer) } = opened
  return { ...opened, scope }
}

/** An assertion that is not accepted is a bad grant here, and no failed authentication (RFC 7523 section 3.1). */
const GRANT_FAILED: ReadonlySet<ProblemCode> = new Set([
  'agent.unauthenticated',
  'assertion.replayed',
])

function asGrant(refused: GrantRefusal): GrantRefusal {
  if (!GRANT_FAILED.has(refused.reason)) return refused
  return { ...refused, reason: 'grant.not_accepted', detail: 'the assertion is not accepted' }
}

function actionsOf(answer: Awaited<ReturnType<typeof openTask>>): string {
  const details = answer.outcome === 'opened' ? answer.details : []
  return [...new Set(details.flatMap(({ actions }) => actions))].join(' ')
}
