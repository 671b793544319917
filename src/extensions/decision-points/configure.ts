import type { CatalogView } from '../../catalog/catalog/index.ts'
import { RULES } from '../../catalog/catalog/index.ts'
import { isCredential, isCredentialHeader } from '../../identity/connections/index.ts'
import { isName } from '../../platform/lib/id.ts'
import type { Problem } from '../../platform/lib/problem.ts'
import type { Secret } from '../../platform/lib/secret.ts'
import type { FactParts } from '../../tasks/facts/index.ts'
import { type DecisionPoint, decisionPointPlace, TIMEOUT_MS } from './decision-point.ts'
import { deletePoint, insertPoint } from './decision-point-store.ts'
import { DecisionPointProblem } from './problems.ts'

export type PointParts = Pick<
  FactParts,
  'storage' | 'ledger' | 'live' | 'clock' | 'master' | 'catalog'
>

export interface NewPoint {
  readonly name: string
  readonly url: string
  readonly secret?: Secret | undefined
  /** Default `authorization`; only with a secret. */
  readonly header?: string | undefined
  readonly resources?: readonly string[]
  readonly actions?: readonly string[]
  readonly timeoutMs?: number | undefined
  /** Default: yes. */
  readonly sendsArguments?: boolean | undefined
  readonly by: string
}

const MAX_NAMES = 256

/**
 * Adds a decision point of others. From the moment this has returned, it is asked about every call
 * that it is for, on every replica, and none goes through without its permit.
 * @throws Problem `decision_point.bad`, `decision_point.exists`
 */
export async function addPoint(parts: PointParts, given: NewPoint): Promise<DecisionPoint> {
  const { by, secret } = given
  const named: DecisionPoint = {
    name: given.name,
    url: given.url,
    header: secret ? (given.header ?? 'authorization').toLowerCase() : undefined,
    resources: given.resources ?? [],
    actions: given.actions ?? [],
    timeoutMs: given.timeoutMs ?? TIMEOUT_MS.default,
    sendsArguments: given.sendsArguments ?? true,
    createdBy: by,
    createdAt: parts.clock.now(),
  }
  const { actions } = await check(parts, named, secret)
  // Calls are looked up by the actions' own names.
  const point = { ...named, actions: named.actions.map((each) => actions.get(each)?.name ?? each) }
  const sealed = secret && parts.master.seal(secret.reveal(), decisionPointPlace(point))
  const raised = await parts.storage.lanes.revocation.transaction(async (tx) => {
    if (!(await insertPoint(tx, { ...point, sealed })))
      throw new DecisionPointProblem(
        'decision_point.exists',
        `there is a decision point \`${point.name}\``,
      )
    await parts.ledger.append(tx, {
      type: 'decision_point.added',
      by,
      facts: {
        name: point.name,
        url: point.url,
        resources: point.resources,
        actions: point.actions,
      },
    })
    return parts.live.raise(tx, [{ ...RULES, state: 'active' }])
  })
  await parts.live.settle(raised)
  return point
}

/**
 * Removes a decision point: it is not asked any more, and nothing needs its permit.
 * @throws Problem `decision_point.unknown`
 */
export async function removePoint(
  parts: PointParts,
  { by, name }: { readonly name: string; readonly by: string },
): Promise<void> {
  const raised = await parts.storage.transaction(async (tx) => {
    if (!(await deletePoint(tx, name)))
      throw new DecisionPointProblem(
        'decision_point.unknown',
        `there is no decision point \`${name}\``,
      )
    await parts.ledger.append(tx, { type: 'decision_point.removed', by, facts: { name } })
    return parts.live.raise(tx, [{ ...RULES, state: 'active' }])
  })
  await parts.live.settle(raised)
}

async function check(
  { catalog }: PointParts,
  point: DecisionPoint,
  secret: Secret | undefined,
): Promise<CatalogView> {
  const { actions, header, name, resources, timeoutMs, url } = point
  if (!isName(name)) throw badDecisionPoint('the name is lower-case letters, digits and hyphens')
  if (!isEndpoint(url))
    throw badDecisionPoint('the address is a plain http or https URL, without query')
  if (header !== undefined && !isCredentialHeader(header))
    throw badDecisionPoint(`\`${header.slice(0, 64)}\` is not a header that carries a credential`)
  if (secret && !isCredential(secret.reveal()))
    throw badDecisionPoint('the credential must be plain text')
  if (!(timeoutMs >= TIMEOUT_MS.least && timeoutMs <= TIMEOUT_MS.most))
    throw badDecisionPoint(`the time limit is from ${TIMEOUT_MS.least} to ${TIMEOUT_MS.most} ms`)
  if (resources.length + actions.length > MAX_NAMES)
    throw badDecisionPoint('it names too many resources or actions')
  const known = await catalog.current()
  const missing =
    resources.find((each) => !known.resources.has(each)) ??
    actions.find((each) => !known.actions.has(each))
  // A name that is wrong must not leave calls unasked about.
  if (missing !== undefined)
    throw badDecisionPoint(`\`${missing.slice(0, 128)}\` is not in the catalog`)
  return known
}

/**
 * Tells whether an address is written the one way that a URL parser writes it, so that a credential
 * sealed for it goes nowhere else.
 */
function isEndpoint(text: string): boolean {
  const url = URL.parse(text)
  return (
    url !== null &&
    text.length <= 2048 &&
    /^https?:$/.test(url.protocol) &&
    url.href === text &&
    url.username + url.password + url.search + url.hash === ''
  )
}

function badDecisionPoint(detail: string): Problem {
  return new DecisionPointProblem('decision_point.bad', detail)
}
