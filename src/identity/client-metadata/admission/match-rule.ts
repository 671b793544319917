import { isClientUrl } from '../../../platform/lib/client-url.ts'
import { isLoopbackRedirect, LOOPBACK } from '../redirect-uri.ts'
import type { SelfRegisteredClient } from '../self-registered.ts'
import type { AdmissionRule } from './admission-rule.ts'

/** Parts of a client that rules go by. */
export type MatchedClient = Pick<SelfRegisteredClient, 'clientId' | 'redirectUris' | 'softwareId'>

/**
 * The first rule that a client matches, in the order they were made.
 * INVARIANT: every address that the client registered must match. With one that does not, it could be let in for its good
 * address and receive the code at the other.
 */
export function ruleFor(
  rules: readonly AdmissionRule[],
  client: MatchedClient,
): AdmissionRule | undefined {
  return rules.find((rule) =>
    isClientUrl(client.clientId) ? isOfDocument(rule, client) : isOfRegistered(rule, client),
  )
}

function isOfRegistered(
  { mode, redirectHosts, softwareIds }: AdmissionRule,
  { redirectUris, softwareId }: MatchedClient,
): boolean {
  if (mode !== 'dynamic' || redirectUris.length === 0) return false
  if (softwareIds.length > 0 && !softwareIds.some((id) => id === softwareId)) return false
  return redirectUris.every((uri) => isAmong(redirectHosts, uri))
}

function isOfDocument(
  rule: Pick<AdmissionRule, 'mode' | 'documentHosts' | 'redirectHosts'>,
  { clientId, redirectUris }: MatchedClient,
): boolean {
  if (!isHostNamed(rule, clientId)) return false
  return redirectUris.every(
    (uri) => isSameOrigin(uri, clientId) || isAmong(rule.redirectHosts, uri),
  )
}

/** Tells whether a rule is about documents at this address. */
export function isHostNamed(
  { documentHosts, mode }: Pick<AdmissionRule, 'mode' | 'documentHosts'>,
  clientUrl: string,
): boolean {
  return mode === 'document' && isAmong(documentHosts, clientUrl)
}

/**
 * Tells whether a document may name its redirect addresses at all: at its own origin, on the
 * person's computer, or where an administrator said that documents from there may send people.
 * Anyone could name anyone's address otherwise, and borrow its name.
 */
export function redirectsBelong(
  rules: readonly AdmissionRule[],
  { clientId, redirectUris }: MatchedClient,
): boolean {
  return redirectUris.every(
    (uri) =>
      isSameOrigin(uri, clientId) ||
      isLoopbackRedirect(uri) ||
      rules.some((rule) => isHostNamed(rule, clientId) && isAmong(rule.redirectHosts, uri)),
  )
}

function isSameOrigin(uri: string, clientUrl: string): boolean {
  return URL.parse(uri)?.origin === new URL(clientUrl).origin
}

function isAmong(patterns: readonly string[], uri: string): boolean {
  return patterns.some((pattern) => matchesHost(pattern, uri))
}

/**
 * `*.example.com` stands for one or more labels, never for the name itself. Without a port it is the usual one: another port of
 * the same host may belong to another party. On this very computer ports are given out by chance, and any will do.
 */
function matchesHost(pattern: string, redirectUri: string): boolean {
  const url = URL.parse(redirectUri)
  if (!url) return false
  if (isLoopbackRedirect(redirectUri)) return pattern === LOOPBACK
  if (url.protocol !== 'https:') return false
  return pattern.startsWith('*.')
    ? url.host.endsWith(pattern.slice(1)) && url.host.length > pattern.length - 1
    : url.host === pattern
}

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'
const PATTERN = new RegExp(`^(?:\\*\\.)?((?:${LABEL}\\.)+${LABEL})(?::([1-9]\\d{0,4}))?$`)
const USUAL_PORT = '443'

/**
 * Lower-case ASCII names with at least two labels, with `*.` in front of them or a port behind, or `localhost`. No addresses, no
 * other stars, and not the port that is meant anyway: one way to write each.
 */
export function isHostPattern(text: unknown): text is string {
  if (text === LOOPBACK) return true
  const [, host = '', port] = (typeof text === 'string' && PATTERN.exec(text)) || []
  if (host === '' || host.length > 253 || /\.\d+$/.test(host)) return false
  return port === undefined || (port !== USUAL_PORT && Number(port) <= 65_535)
}
