import { ATTRIBUTE_NAMES } from '../../identity/people/index.ts'

/** Facts that tokens of a resource can say beside our claims, by their names. */
export const CLAIM_SOURCES: readonly string[] = [
  ...['person.groups', 'person.name', 'person.email'],
  ...ATTRIBUTE_NAMES.map((name) => `person.attributes.${name}`),
  ...['space.id', 'space.title', 'thread.id', 'thread.name'],
  ...['agent.trust', 'agent.owner', 'sponsor.subject'],
]

const NAMING: ReadonlySet<string> = new Set([
  ...['person.name', 'person.email', 'person.attributes.manager'],
  ...['agent.owner', 'sponsor.subject'],
])

/** Tells whether a source says who people are elsewhere: not for an API where they have a name of their own. */
export function namesPeople(source: string): boolean {
  return NAMING.has(source)
}

const NAME = /^[A-Za-z][A-Za-z0-9_.:/-]{0,127}$/

/** Names that mean something to every verifier of a token, wherever in it they read them. */
const REGISTERED: ReadonlySet<string> = new Set([
  ...['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'typ', 'nonce', 'azp', 'sid', 'events'],
  ...['sub_profile', 'sub_id', 'act', 'may_act', 'sponsor', 'client_id', 'authorization_details'],
  ...['scope', 'scp', 'cnf', 'auth_time', 'acr', 'amr', 'task', 'txn', 'req_wl', 'tctx', 'rctx'],
  ...['purp', 'active', 'token_type', 'username', 'token_introspection', 'ext', 'constructor'],
])

/** Tells whether a further claim may have this name: none that a registered claim or one of ours has. */
export function isFurtherName(name: string): boolean {
  return NAME.test(name) && !REGISTERED.has(name)
}
