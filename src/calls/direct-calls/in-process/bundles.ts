import {
  type ArgumentSchema,
  type EntityShapeJson,
  entityShapeToJson,
  type Obligation,
  type RequestShapeJson,
  type Risk,
  requestShapeToJson,
} from '@remit/engine'
import {
  type Action,
  countedAccess,
  countedRisk,
  groupsOf,
  type Resource,
  RULES,
} from '../../../catalog/catalog/index.ts'
import { type SigningKeys, signJwt } from '../../../platform/keys/index.ts'
import { base64url } from '../../../platform/lib/bytes.ts'
import { LruCache } from '../../../platform/lib/lru-cache.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { parseInWorker } from '../../../policy/cedar/index.ts'
import { Declarations, latestSet, schemaInSteps } from '../../../policy/policy/index.ts'
import type { CallParts } from '../../calls/index.ts'
import { type AsksBecause, type OwnPolicies, ownPolicies } from './own-policies.ts'

/** Life of a bundle, in seconds. An API that is cut off has stopped long before. */
const LIFE_SECONDS = 600
const MAX_BYTES = 4 * 1024 * 1024
const MAX_RESOURCES = 100
const TYPE = 'remit-policy-bundle+jwt'

/** Facts about one API that deciding its calls takes, as of one epoch of the rules. */
export interface BundleContent {
  /** Epoch of the rules: it rises with every change of policies and catalog. */
  readonly rules: number
  readonly policy_version: number
  readonly resource: { readonly name: string; readonly identifier: string }
  readonly actions: readonly {
    readonly name: string
    readonly method: string
    readonly path: string
    readonly risk: Risk
    readonly groups: readonly string[]
    readonly arguments?: ArgumentSchema
    readonly shape?: RequestShapeJson
    /** Reason why its calls are decided by Remit alone. */
    readonly asks?: AsksBecause
  }[]
  readonly entities: readonly (readonly [type: string, shape: EntityShapeJson])[]
  readonly policies: OwnPolicies['policies']
  readonly obligations: readonly (readonly [policy: string, of: readonly Obligation[]])[]
}

type BundleParts = Pick<
  CallParts,
  'catalog' | 'clock' | 'issuer' | 'live' | 'nonces' | 'points' | 'policies' | 'random' | 'storage'
> & { readonly keys: Pick<SigningKeys, 'jwks' | 'tokens'> }

interface MadeBundle {
  readonly content: BundleContent
  readonly mentions: OwnPolicies['mentions']
}

/** Policy bundles of direct APIs, made once for each epoch of the rules. One for each process. */
export class Bundles {
  readonly #parts: BundleParts
  readonly #made = new LruCache<Promise<MadeBundle>>(MAX_RESOURCES)

  constructor(parts: BundleParts) {
    this.#parts = parts
  }

  /** Makes the content for a resource, as the rules are now. @throws Problem `policy.bundle_too_large` */
  async current(resource: Resource): Promise<MadeBundle> {
    const rules = await this.epoch()
    const kept = this.#made.get(resource.name, String(rules))
    if (kept) return kept
    // INVARIANT: the epoch is read before what it stands for: a bundle may be newer than it says, never older.
    const made = this.#make(resource, rules)
    made.catch(() => this.#made.put(resource.name, 'failed', made))
    return this.#made.put(resource.name, String(rules), made)
  }

  async epoch(): Promise<number> {
    const { states } = await this.#parts.live.view([RULES])
    return states[0]?.epoch ?? 0
  }

  /** Signs the bundle of a resource for one client. */
  async signed(resource: Resource, client: string): Promise<string> {
    const { content } = await this.current(resource)
    const { clock, issuer, keys, random } = this.#parts
    const iat = Math.floor(clock.now() / 1000)
    const claims = {
      ...{ iss: issuer, sub: client, aud: resource.identifier, iat, exp: iat + LIFE_SECONDS },
      jti: base64url(random.bytes(16)),
      // Keys of tokens, so that none has to be fetched while a call waits.
      jwks: keys.jwks(),
      bundle: content,
    }
    const token = await signJwt(keys.tokens, { typ: TYPE, claims })
    if (token.length > MAX_BYTES)
      throw new Problem(
        'policy.bundle_too_large',
        `the policies for \`${resource.name}\` have ${token.length} bytes, ${MAX_BYTES} at most`,
      )
    return token
  }

  async #make(resource: Resource, rules: number): Promise<MadeBundle> {
    const { catalog, points, policies, storage } = this.#parts
    const actions = (await catalog.current()).actionsOf(resource.name)
    const set = await policies.active()
    const published = await latestSet(storage.read)
    // Published meanwhile: the next question is about another epoch.
    if ((published?.version ?? 0) !== set.version)
      throw new Problem('catalog.changed', 'the policies changed while they were read')
    const own = ownPolicies(set, published ? await parseInWorker(published.text) : [], {
      resource: resource.name,
      actions,
    })
    const judged = await judgedActions(points, resource, actions)
    const because = (action: Action): AsksBecause | undefined => {
      if (judged.has(action.name)) return 'decision_points'
      if (action.quarantined) return 'definition'
      const { form } = action.arguments.body
      // INVARIANT: named one by one: a form that is added is Remit's to read.
      if (form !== 'none' && form !== 'members' && form !== 'whole') return 'body'
      return this.#needsNonce(resource, action) ? 'nonces' : own.asks.get(action.name)
    }
    const declared = new Declarations(await schemaInSteps(actions))
    const described = actions.map((action) => {
      const { method, name, path } = action
      const asks = because(action)
      const route = { name, method, path, risk: countedRisk(action), groups: groupsOf(action) }
      if (asks) return { ...route, asks }
      const shape = requestShapeToJson(declared.request(name))
      return { ...route, arguments: action.arguments, shape }
    })
    const content = {
      ...{ rules, policy_version: set.version, actions: described },
      resource: { name: resource.name, identifier: resource.identifier },
      entities: Array.from(
        declared.entities,
        ([type, shape]) => [type, entityShapeToJson(shape)] as const,
      ),
      policies: own.policies,
      obligations: own.obligations,
    }
    return { content, mentions: own.mentions }
  }

  #needsNonce({ identifier }: Resource, action: Action): boolean {
    const counted = { access: countedAccess(action), risk: countedRisk(action) }
    return this.#parts.nonces?.checkFor(identifier, { at: 'call', ...counted }) !== undefined
  }
}

/** Finds names of the actions that decision points of others are asked about. */
async function judgedActions(
  points: CallParts['points'],
  resource: Resource,
  actions: readonly Action[],
): Promise<ReadonlySet<string>> {
  const judged = new Set<string>()
  for (const { name } of actions)
    if (await points.judge({ resource: resource.name, action: name })) judged.add(name)
  return judged
}
