import {
  type ArgumentSchema,
  actionStore,
  CheckedPolicies,
  entityShapeFromJson,
  type Obligation,
  PolicyCompiler,
  type PolicyJson,
  type PolicySet,
  type RequestShape,
  type Risk,
  requestShapeFromJson,
} from '@remit/engine'
import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey, jwtVerify } from 'jose'
import { recordOf } from '../../wire/problem.ts'

/** Action of the API, as far as its calls are decided here. */
export interface OwnAction {
  readonly name: string
  readonly method: string
  readonly path: string
  readonly risk: Risk
  /** Absent where `asks` says why Remit alone decides its calls. */
  readonly arguments?: ArgumentSchema
  readonly asks?: string
}

/** Rules for the calls of one API, as of one epoch. */
export interface Rules {
  readonly epoch: number
  readonly policyVersion: number
  /** Name of the API in the catalog. */
  readonly resource: string
  readonly actions: readonly OwnAction[]
  readonly policies: PolicySet
  /** Keys that Remit signs tokens with, and their ids. */
  readonly keys: JWTVerifyGetKey
  readonly kids: readonly string[]
  /** Epoch milliseconds, by Remit's time. */
  readonly expiresAt: number
}

const RISKS: readonly string[] = ['low', 'medium', 'high', 'critical']

/**
 * Reads a policy bundle: signed by Remit, as a bundle, for this API, in force, and of the epoch that
 * the feed speaks of or a later one.
 * @throws Error
 */
export async function readBundle(
  token: unknown,
  expected: {
    readonly issuer: string
    readonly resource: string
    readonly keys: JWTVerifyGetKey
    /** Epoch milliseconds. */
    readonly now: number
    readonly rules: number
  },
): Promise<Rules> {
  const { issuer, keys, now, resource, rules } = expected
  const { payload } = await jwtVerify(String(token), keys, {
    ...{ issuer, audience: resource, typ: 'remit-policy-bundle+jwt', algorithms: ['ES256'] },
    requiredClaims: ['exp', 'iat', 'sub', 'jti'],
    currentDate: new Date(now),
  })
  const bundle = recordOf(payload.bundle)
  const { rules: epoch, policy_version: policyVersion } = bundle
  if (payload.aud !== resource || recordOf(bundle.resource).identifier !== resource)
    throw new Error('the bundle is for another API')
  if (typeof epoch !== 'number' || typeof policyVersion !== 'number')
    throw new Error('the bundle has no version')
  if (epoch < rules) throw new Error('the bundle is older than what the feed speaks of')
  const described = listOf(bundle.actions).map(recordOf)
  const kids = listOf(recordOf(payload.jwks).keys).map((key) => String(recordOf(key).kid))
  return {
    ...{ epoch, policyVersion, kids, resource: String(recordOf(bundle.resource).name) },
    actions: described.map(actionFrom),
    policies: policiesFrom(policyVersion, bundle, described),
    keys: createLocalJWKSet(recordOf(payload.jwks) as unknown as JSONWebKeySet), // as: read by jose
    expiresAt: (payload.exp ?? 0) * 1000,
  }
}

function actionFrom(action: Readonly<Record<string, unknown>>): OwnAction {
  const { asks, method, name, path, risk } = action
  if (typeof name !== 'string' || typeof method !== 'string' || typeof path !== 'string')
    throw new Error('an action of the bundle cannot be read')
  if (typeof risk !== 'string' || !RISKS.includes(risk)) throw new Error('an unknown risk class')
  const route = { name, method, path, risk: risk as Risk } // as: it is one of them
  if (asks !== undefined || action.arguments === undefined)
    return { ...route, asks: typeof asks === 'string' ? asks : 'unknown' }
  return { ...route, arguments: action.arguments as ArgumentSchema } // as: Remit's, signed
}

/** INVARIANT: only whole answers are given; whatever is not understood throws, and then nothing is permitted. */
function policiesFrom(
  version: number,
  bundle: Readonly<Record<string, unknown>>,
  described: readonly Readonly<Record<string, unknown>>[],
): PolicySet {
  const compiler = new PolicyCompiler()
  for (const { id, json } of listOf(bundle.policies).map(recordOf))
    compiler.add(String(id), JSON.parse(String(json)) as PolicyJson) // as: the compiler refuses what it does not know
  const requests = new Map<string, RequestShape>()
  for (const { name, shape } of described)
    if (shape !== undefined) requests.set(String(name), requestShapeFromJson(shape))
  const entities = pairsOf(bundle.entities).map(
    ([type, shape]) => [type, entityShapeFromJson(shape)] as const,
  )
  const groups = described.map(
    ({ groups, name }) => [String(name), listOf(groups).map(String)] as const,
  )
  const declared = {
    entities: new Map(entities),
    request(action: string): RequestShape {
      const shape = requests.get(action)
      if (shape) return shape
      throw new Error(`\`${action}\` is not decided here`)
    },
  }
  const checked = new CheckedPolicies(compiler.finish(), declared, actionStore(groups))
  return {
    version,
    // INVARIANT: what people can lift forbids here; whether they have is Remit's to say.
    requestable: new Map(),
    obligations: new Map(
      pairsOf(bundle.obligations).map(([id, of]) => [id, listOf(of) as Obligation[]]),
    ), // as: Remit's, signed
    evaluate(query, without) {
      if (without === 'nothing' || without === 'requestable') return checked.evaluate(query)
      throw new Error('not evaluated here')
    },
  }
}

function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw new Error('the bundle cannot be read')
}

function pairsOf(value: unknown): readonly (readonly [string, unknown])[] {
  return listOf(value).map((each) => {
    const [name, of] = listOf(each)
    return [String(name), of] as const
  })
}
