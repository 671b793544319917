import { type SigningKey, signJwt } from '../../platform/keys/index.ts'
import { SUPPORTED_OBLIGATIONS } from './obligations.ts'
import type { AuthzenPorts } from './ports.ts'
import { REQUESTS_PATH } from './requests/shown-task.ts'

export const METADATA_PATH = '/.well-known/authzen-configuration'

/**
 * Capability of this decision point, as its metadata say it. Profiles add theirs to `CAPABILITIES`.
 */
export interface Capability {
  /** A registered URN, where there is one. */
  readonly urn?: string
  /** Metadata members, paths below the issuer made whole by `at`. */
  members(at: (path: string) => string): Readonly<Record<string, unknown>>
}

export const PATHS = {
  evaluation: '/access/v1/evaluation',
  evaluations: '/access/v1/evaluations',
  subject: '/access/v1/search/subject',
  resource: '/access/v1/search/resource',
  action: '/access/v1/search/action',
} as const

export const CAPABILITIES: readonly Capability[] = [
  {
    members: (at) => ({
      access_evaluation_endpoint: at(PATHS.evaluation),
      access_evaluations_endpoint: at(PATHS.evaluations),
      search_subject_endpoint: at(PATHS.subject),
      search_resource_endpoint: at(PATHS.resource),
      search_action_endpoint: at(PATHS.action),
    }),
  },
  { members: () => ({ supported_obligations: [...SUPPORTED_OBLIGATIONS] }) },
  {
    urn: 'urn:openid:authzen:capability:access-request',
    members: (at) => ({ access_request_endpoint: at(REQUESTS_PATH) }),
  },
  { urn: 'urn:openid:authzen:capability:token-issuance', members: () => ({}) },
]

/** The metadata of the decision point, without the signature over them. */
export function metadataOf(
  issuer: string,
  capabilities: readonly Capability[] = CAPABILITIES,
): Readonly<Record<string, unknown>> {
  const urns = capabilities.flatMap(({ urn }) => (urn === undefined ? [] : [urn]))
  const members = capabilities.map((each) => each.members((path) => issuer + path))
  return {
    policy_decision_point: issuer,
    ...Object.assign({}, ...members),
    // What signs metadata is what signs tokens.
    jwks_uri: `${issuer}/oauth/jwks`,
    ...(urns.length === 0 ? {} : { capabilities: urns }),
  }
}

const TYP = 'authzen-metadata+jwt'
const signed = new WeakMap<SigningKey, Map<string, Promise<string>>>()

/** The document: plain, and the same as a JWT of ours in `signed_metadata`. Signed once for each key. */
export function metadataText({ clock, issuer, keys }: AuthzenPorts): Promise<string> {
  const key = keys.tokens
  const texts = signed.get(key) ?? new Map<string, Promise<string>>()
  signed.set(key, texts)
  const known = texts.get(issuer)
  if (known) return known
  const metadata = metadataOf(issuer)
  const claims = { iss: issuer, iat: Math.floor(clock.now() / 1000), ...metadata }
  const text = signJwt(key, { typ: TYP, claims }).then((signed_metadata) =>
    JSON.stringify({ ...metadata, signed_metadata }),
  )
  texts.set(issuer, text)
  text.catch(() => texts.delete(issuer))
  return text
}

/**
 * Credentials that an enforcement point can show, as challenges for one that showed none that
 * counts.
 */
export function challenges(issuer: string): string[] {
  return [`Bearer realm="${issuer}"`, `Basic realm="${issuer}", charset="UTF-8"`]
}
