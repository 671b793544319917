import type { Detail } from '@remit/engine'
import type { CatalogView, Resource } from '../../../catalog/catalog/index.ts'
import type { GrantParts } from '../../../grants/grants/index.ts'
import {
  RESOURCE_TOKEN_LIFE_MS,
  TRANSACTION_TOKEN_LIFE_MS,
} from '../../../identity/tokens/index.ts'
import type { ProblemCode } from '../../../platform/lib/problem.ts'
import type { LiveView } from '../../../platform/revocation/index.ts'
import { type GrantName, readIssueAction } from '../../../policy/policy/index.ts'
import { TASK_LIFE } from '../../../tasks/tasks/index.ts'
import { type FoundParties, type Parties, partiesOf } from './parties.ts'
import {
  type IssuanceAnswer,
  type IssuanceQuestion,
  type IssuanceRequest,
  type IssuingAsker,
  no,
  type TokenShape,
  type Tuple,
} from './question.ts'
import { type ReachAt, Reaches } from './reach.ts'

/** The answers to one request, and what they rest on. */
export interface JudgedRequest {
  readonly parties: Parties | undefined
  /** Answers in the order of the questions. */
  readonly answers: readonly IssuanceAnswer[]
  readonly views: readonly LiveView[]
}

type TupleOf<Kind extends Tuple['kind']> = Extract<Tuple, { kind: Kind }>

/** Kinds of token that give no access by themselves. */
const WITHOUT_ACCESS = new Set(['refresh_token', 'id_token'])
/** Tokens that can represent no person, and the grants by which they come. */
const ALONE = {
  tokens: new Set(['access_token', 'txn_token', 'jwt']),
  grants: new Set<GrantName>(['client_credentials', 'token_exchange', 'jwt_bearer']),
}
const MAX_MS: Readonly<Record<string, number>> = {
  refresh_token: TASK_LIFE.most,
  txn_token: TRANSACTION_TOKEN_LIFE_MS,
}

/**
 * Judges what a server may issue: every tuple for all parties of the request together, so that a
 * token holds what each of them allows, and no answer tells which of them did not.
 */
export async function judgeIssuance(
  parts: GrantParts,
  asker: IssuingAsker,
  request: IssuanceRequest,
): Promise<JudgedRequest> {
  const found = await partiesOf(parts, asker, request)
  if ('reason' in found) return refusedAll(request, found)
  const catalog = await parts.catalog.current()
  const reaches = await Reaches.of(parts, found, request)
  const judging = new IssuanceJudge(parts, { asker, request, parties: found, catalog, reaches })
  return judging.judged()
}

function refusedAll(
  { questions }: IssuanceRequest,
  { reason }: Exclude<FoundParties, Parties>,
): JudgedRequest {
  return { parties: undefined, answers: questions.map(() => no(reason)), views: [] }
}

interface JudgeInput {
  readonly asker: IssuingAsker
  readonly request: IssuanceRequest
  readonly parties: Parties
  readonly catalog: CatalogView
  readonly reaches: Reaches
}

class IssuanceJudge {
  readonly #parts: GrantParts
  readonly #given: JudgeInput
  /** Kinds of token that the request is about, as policies name them: those that give access, where there are any. */
  readonly #issues: readonly string[]
  readonly #views = new Set<LiveView>()

  constructor(parts: GrantParts, given: JudgeInput) {
    this.#parts = parts
    this.#given = given
    const gates = given.request.questions.flatMap(({ tuple }) => {
      const kind = tuple.kind === 'gate' ? readIssueAction(tuple.action) : undefined
      return tuple.kind === 'gate' && kind ? [{ action: tuple.action, token: kind.token }] : []
    })
    const giving = gates.filter(({ token }) => !WITHOUT_ACCESS.has(token))
    this.#issues = [...new Set((giving.length > 0 ? giving : gates).map(({ action }) => action))]
  }

  async judged(): Promise<JudgedRequest> {
    const { parties, reaches, request } = this.#given
    const answers: IssuanceAnswer[] = []
    for (const question of request.questions) answers.push(await this.#answer(question))
    return {
      parties,
      answers: this.#shaped(answers),
      views: [...reaches.views, ...this.#views],
    }
  }

  async #answer({ tuple }: IssuanceQuestion): Promise<IssuanceAnswer> {
    if (tuple.kind === 'gate') return this.#gate(tuple)
    if (this.#issues.length === 0) return no('issuance.no_gate')
    return tuple.kind === 'scope' ? this.#scope(tuple) : this.#cell(tuple)
  }

  async #gate({ action, audience }: TupleOf<'gate'>): Promise<IssuanceAnswer> {
    const kind = readIssueAction(action)
    if (!kind || !this.#fits(kind)) return no('issuance.unknown')
    const issues = new Set([...this.#issues, action])
    const open = await this.#reachable(audience, [...issues])
    if ('reason' in open) return no(open.reason)
    const seconds = this.#secondsOf(kind.token, open.reaches)
    if (seconds < 1) return no('task.beyond_basis')
    for (const { view } of open.reaches) this.#views.add(view)
    const shaping = {
      tokenLifetime: seconds,
      ...this.#scopesOf(kind.token, audience, open.reaches),
    }
    return { permitted: true, shaping }
  }

  /** A token of a person comes by their grants, one of an agent alone by its own. */
  #fits({ grant, token }: { readonly grant: string; readonly token: string }): boolean {
    const alone = this.#given.parties.sponsorGrant !== undefined
    if (!alone) return grant !== 'client_credentials'
    return ALONE.tokens.has(token) && ALONE.grants.has(grant as GrantName) // as: looked up, nothing more
  }

  /** Behind an audience, those at which some action is left; or why there is none. */
  async #reachable(
    audience: string,
    issues: readonly string[],
  ): Promise<{ readonly reaches: readonly ReachAt[] } | { readonly reason: ProblemCode }> {
    const resources = this.#resourcesOf(audience)
    if (resources.length === 0) return { reason: 'resource.unknown' }
    const reaches: ReachAt[] = []
    let reason: ProblemCode = 'issuance.not_permitted'
    for (const resource of resources) {
      const at = await this.#given.reaches.at(resource, issues)
      if (at.nothing) reason = at.nothing
      else if (at.actions.some(({ name }) => at.left(name).length > 0)) reaches.push(at)
    }
    return reaches.length > 0 ? { reaches } : { reason }
  }

  /**
   * Resources behind an audience. One that may not be asked about looks as if it were not there.
   */
  #resourcesOf(audience: string): readonly Resource[] {
    const { asker, catalog } = this.#given
    const behind = asker.audiences.find(({ id }) => id === audience)
    const found = behind
      ? behind.resources.map((name) => catalog.resources.get(name))
      : [catalog.byIdentifier.get(audience)]
    return found
      .filter((resource) => resource !== undefined)
      .filter(({ name }) => asker.resources?.includes(name) ?? true)
  }

  async #scope({ audience, scope }: TupleOf<'scope'>): Promise<IssuanceAnswer> {
    const open = await this.#reachable(audience, this.#issues)
    if ('reason' in open) return no(open.reason)
    const at = open.reaches.find(({ resource }) => resource.name === this.#home(scope))
    if (!at) return no('action.unknown')
    const left = at.left(scope)
    if (left.length === 0) return no('issuance.not_permitted')
    this.#views.add(at.view)
    return { permitted: true, shaping: { within: boundedOnly(left) } }
  }

  async #cell({ action, location }: TupleOf<'cell'>): Promise<IssuanceAnswer> {
    const resource = this.#given.catalog.byIdentifier.get(location)
    if (!resource || this.#resourcesOf(location).length === 0) return no('resource.unknown')
    if (this.#home(action) !== resource.name) return no('action.unknown')
    const at = await this.#given.reaches.at(resource, this.#issues)
    if (at.nothing) return no(at.nothing)
    const details = at.left(action)
    if (details.length === 0) return no('issuance.not_permitted')
    this.#views.add(at.view)
    return { permitted: true, shaping: { details } }
  }

  /** The resource of an action. */
  #home(action: string): string | undefined {
    return this.#given.catalog.actions.get(action)?.resource
  }

  #secondsOf(token: string, reaches: readonly ReachAt[]): number {
    const now = this.#parts.clock.now()
    const most = now + (MAX_MS[token] ?? RESOURCE_TOKEN_LIFE_MS)
    const end = Math.min(most, ...reaches.map(({ until }) => until))
    return Math.floor((end - now) / 1000)
  }

  /**
   * Names the scopes that may be issued for an audience about which no scope was asked: the server
   * would take those it gives by itself. Beside authorization details that is none.
   */
  #scopesOf(token: string, audience: string, reaches: readonly ReachAt[]): TokenShape {
    const { questions } = this.#given.request
    if (WITHOUT_ACCESS.has(token) && this.#asksForAccess()) return {}
    const asksThere = questions.some(
      ({ tuple }) => tuple.kind === 'scope' && tuple.audience === audience,
    )
    if (asksThere) return {}
    if (questions.some(({ tuple }) => tuple.kind === 'cell')) return { grantedScope: '' }
    const left = reaches.flatMap((at) =>
      at.actions.map(({ name }) => ({ name, details: at.left(name) })),
    )
    const some = left.filter(({ details }) => details.length > 0)
    return {
      grantedScope: some.map(({ name }) => name).join(' '),
      within: some.flatMap(({ details }) => boundedOnly(details)),
    }
  }

  #asksForAccess(): boolean {
    return this.#issues.some((action) => !WITHOUT_ACCESS.has(readIssueAction(action)?.token ?? ''))
  }

  /**
   * INVARIANT: what all scopes are held within is said once, by the first gate that is permitted, because a server refuses two
   * answers that say different things of one claim.
   */
  #shaped(answers: readonly IssuanceAnswer[]): readonly IssuanceAnswer[] {
    const within = answers.flatMap((each) => (each.permitted ? (each.shaping.within ?? []) : []))
    const gate = this.#given.request.questions.findIndex(
      ({ tuple }, i) => tuple.kind === 'gate' && answers[i]?.permitted,
    )
    return answers.map((answer, i) => {
      if (!answer.permitted) return answer
      const { within: _, ...shaping } = answer.shaping
      const says = i === gate && within.length > 0
      return { permitted: true, shaping: says ? { ...shaping, within } : shaping }
    })
  }
}

/** A scope has no bounds. One detail without any is the scope as it is. */
function boundedOnly(details: readonly Detail[]): readonly Detail[] {
  return details.some(({ bounds }) => bounds.length === 0) ? [] : details
}
