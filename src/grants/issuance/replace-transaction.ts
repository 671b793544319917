import type { ClientAuthentication, PresentedClient } from '../../identity/machine-clients/index.ts'
import {
  checkTransactionToken,
  type MintedToken,
  renewTransactionToken,
  type TransactionTokenClaims,
} from '../../identity/tokens/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { codeOf, findDecision } from '../../tasks/decision-log/index.ts'
import {
  callKeys,
  type FactParts,
  livenessOf,
  minting,
  ownTokens,
  PAST_DEADLINE,
  settingLiveness,
  tokenSubject,
} from '../../tasks/facts/index.ts'

/** Request of a service inside the trust domain, which exchanges a received transaction token for one of its own. */
export interface TransactionReplacement {
  /** Credential of the service. */
  readonly presented: PresentedClient | undefined
  readonly token: string
  /** Audience as the request names it, and as it is. */
  readonly audience: string
  readonly trustDomain: string
  /** The action; nothing else can come of it. */
  readonly scope: string
}

/** Services that one call goes through, with the gateway. */
const MAX_WORKLOADS = 8

/**
 * Replaces a transaction token (draft-ietf-oauth-transaction-tokens, "Txn-Token as a subject_token"): the same decision, person, agents and
 * call, with the service added to those that asked, and no longer life. What the call stands on is looked at once more.
 * @throws Problem `client.unauthenticated`, `token.…`, `transaction.…`, and why what it stands on has ended
 */
export async function replaceTransaction(
  parts: FactParts & ClientAuthentication,
  asked: TransactionReplacement,
): Promise<MintedToken & { readonly scope: string }> {
  const workload = await serviceOf(parts, asked)
  if (asked.audience !== asked.trustDomain)
    throw new Problem('transaction.other_domain', '`audience` is not the trust domain')
  const before = await checkTransactionToken(asked.token, asked.trustDomain, ownTokens(parts))
  if (asked.scope !== before.scope)
    throw new Problem('task.bad_scope', 'a replacement is for the action of the token')
  if (before.req_wl.split(' ').length >= MAX_WORKLOADS)
    throw new Problem('transaction.too_many_hops', `${MAX_WORKLOADS} services at most`)
  const holds = await stillStands(parts, before)
  const { random: _, ...own } = minting(parts)
  const token = await renewTransactionToken(own, before, workload)
  await parts.live.commit(parts.storage, [
    parts.ledger.appendStep({
      type: 'transaction.replaced',
      decisionId: before.txn,
      task: before.tctx.task.id,
      facts: { workload },
    }),
  ])
  if (!(await holds())) throw new Problem('token.stale', 'something changed in the meantime')
  return { ...token, scope: before.scope }
}

/** The service by its resource identifier. Only one inside the trust domain has any use for such a token. */
async function serviceOf(
  parts: FactParts & ClientAuthentication,
  { presented }: Pick<TransactionReplacement, 'presented'>,
): Promise<string> {
  const { client } = await parts.clients.authenticate(presented, 'transactions')
  const resource = (await parts.catalog.current()).resources.get(client.settings.resource)
  if (!resource?.trusted || resource.status !== 'active')
    throw new Problem('client.unauthenticated', 'the service is not inside the trust domain')
  return resource.identifier
}

/** The permit that it was made for is there, and so is everything that it stood on. Answers the last look. */
async function stillStands(
  parts: FactParts,
  { sub, tctx, txn }: TransactionTokenClaims,
): Promise<() => Promise<boolean>> {
  const resource = (await parts.catalog.current()).byIdentifier.get(tctx.location)
  const held = await parts.facts.task(tctx.task.id)
  const decision = await findDecision(parts.storage.read, txn)
  const known = decision?.outcome === 'permit' && decision.taskId === held?.task.id
  if (!resource || !held || !known || decision.state === 'not_sent')
    throw new Problem('token.unknown_task', 'the token belongs to no call here')
  if (sub !== tokenSubject(parts, held, resource))
    throw new Problem('token.stale', "the subject's identifier has changed")
  const { chain, spaces, task } = held
  const { id, issuers, personId: person } = task
  const keys = callKeys({ task: id, person, chain, spaces, issuers, resource: resource.name })
  const view = await parts.live.view(keys)
  const alive = livenessOf(view)
  const gate = alive.passed && task.deadline <= parts.clock.now() ? PAST_DEADLINE : alive
  if (!gate.passed) throw new Problem(codeOf(gate.reason ?? ''), gate.detail)
  const setting = await parts.facts.setting(held, resource.name, view, parts.clock.now())
  const also = settingLiveness(setting, task)
  if (!also.passed) throw new Problem(codeOf(also.reason ?? ''), also.detail)
  return () => parts.live.stillHold([view, setting.also])
}
