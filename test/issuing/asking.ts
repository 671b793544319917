import { type Detail, intersect } from '@remit/engine'
import { send } from '../wire.ts'

/** Subject and requesting party, as the profile names them. */
export interface Party {
  readonly type: 'user' | 'client' | 'workload'
  readonly id: string
}

/** Token that a server is about to issue. */
export interface TokenToIssue {
  readonly token: string
  readonly grant: string
  readonly subject: Party
  /** Party that requests a token exchange. */
  readonly requesting?: Party
  readonly target: string
  readonly scopes: readonly string[]
  readonly details: readonly Detail[]
  readonly context: Readonly<Record<string, unknown>>
}

/** Token that may be issued instead. */
export interface AllowedToken {
  readonly scopes: readonly string[]
  readonly details: readonly Detail[]
  readonly seconds: number
  readonly claims: Readonly<Record<string, unknown>>
}

export type Refusal = 'invalid_target' | 'invalid_scope' | 'invalid_authorization_details'
export type IssuanceResult = { readonly allowed: AllowedToken } | { readonly refused: Refusal }

/** Server that asks: where it does, and what claims it can carry. */
export interface Asker {
  readonly url: string
  readonly secret: string
  readonly claims: readonly string[]
}

const MAX_TUPLES = 64

interface Item {
  readonly decision: boolean
  readonly context?: { readonly issuance?: Readonly<Record<string, unknown>> }
}

/**
 * The server's side of the AuthZEN token issuance profile, as it stands in the draft: the batch, gates first, and what its answers
 * make of the token. Whatever goes wrong refuses.
 */
export async function ask(asker: Asker, about: TokenToIssue): Promise<IssuanceResult> {
  const parties = [about.subject, ...(about.requesting ? [about.requesting] : [])]
  const action = `issue:${about.token}:${about.grant}`
  const cells = about.details.flatMap(cellsOf)
  const evaluations = [
    ...parties.map((subject) => ({ subject, action: { name: action } })),
    ...about.scopes.map((name) => ({ action: { name } })),
    ...cells.map(({ action: name, location, type }) => ({
      action: { name },
      resource: { type, id: location },
    })),
  ]
  if (evaluations.length > MAX_TUPLES) return { refused: 'invalid_scope' }
  const answer = await send(`${asker.url}/access/v1/evaluations`, {
    method: 'POST',
    headers: [
      ['Authorization', `Bearer ${asker.secret}`],
      ['Content-Type', 'application/json'],
    ],
    body: JSON.stringify({
      subject: about.subject,
      resource: { type: 'audience', id: about.target },
      context: about.context,
      options: { evaluations_semantic: 'execute_all' },
      evaluations,
    }),
  })
  const items = answer.body.evaluations as readonly Item[] | undefined // as: checked right after
  if (answer.status !== 200 || items?.length !== evaluations.length)
    throw new Error('the decision point gave no answer')
  const permitted = (i: number) => items[i]?.decision === true
  if (!parties.every((_, i) => permitted(i))) return { refused: 'invalid_target' }
  const scopes = about.scopes.filter((_, i) => permitted(parties.length + i))
  const left = cells.filter((_, i) => permitted(parties.length + about.scopes.length + i))
  return shaped(asker, about, { scopes, left, items: items.filter(({ decision }) => decision) })
}

function cellsOf({ actions, locations, type }: Detail) {
  return locations.flatMap((location) =>
    actions.map((action) => ({ type, location, action, bounds: [] })),
  )
}

/** Aggregation, and the checks that no answer broadens. */
function shaped(
  asker: Asker,
  about: TokenToIssue,
  given: {
    readonly scopes: readonly string[]
    readonly left: ReturnType<typeof cellsOf>
    readonly items: readonly Item[]
  },
): IssuanceResult {
  const shapings = given.items.flatMap(({ context }) =>
    context?.issuance ? [context.issuance] : [],
  )
  const of = <T>(name: string) =>
    shapings.flatMap((each) => (name in each ? [each[name] as T] : [])) // as: the draft gives each key one type
  const seconds = Math.min(3600, ...of<number>('token_lifetime'))
  const claims = Object.assign({}, ...of<object>('claims')) as AllowedToken['claims']
  const unknown = of<readonly string[]>('crit')
    .flat()
    .some((name) => !asker.claims.includes(name))
  const replaced = of<readonly Detail[]>('authorization_details').flat()
  // What the client itself bounded stays bounded: the type's own validator is the algebra.
  const details = about.details.flatMap((detail) =>
    intersect([detail], replaced, () => 'decimal').filter(({ actions, locations }) =>
      given.left.some((cell) => actions.includes(cell.action) && locations.includes(cell.location)),
    ),
  )
  if (unknown || seconds < 1) return { refused: 'invalid_target' }
  if (about.details.length > 0 && details.length === 0)
    return { refused: 'invalid_authorization_details' }
  if (about.scopes.length > 0 && given.scopes.length === 0 && details.length === 0)
    return { refused: 'invalid_scope' }
  return { allowed: { scopes: given.scopes, details, seconds, claims } }
}
