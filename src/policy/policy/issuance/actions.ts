/** Short names of the AuthZEN Token Issuance profile; `ciba` is ours, which the profile has no name for. */
export const GRANT_NAMES = [
  'authorization_code',
  'client_credentials',
  'refresh_token',
  'token_exchange',
  'device_code',
  'jwt_bearer',
  'ciba',
] as const
export type GrantName = (typeof GRANT_NAMES)[number]

const WITH_PERSON = ['authorization_code', 'refresh_token', 'device_code', 'token_exchange', 'ciba']

/**
 * Grants by which each kind of token comes. No server that asks us issues a kind that is not
 * here.
 */
const GRANTS_OF: Readonly<Record<string, readonly string[]>> = {
  access_token: GRANT_NAMES,
  refresh_token: WITH_PERSON,
  id_token: WITH_PERSON,
  id_jag: ['token_exchange'],
  txn_token: ['token_exchange'],
  jwt: ['token_exchange'],
}

export const ISSUE = 'issue'

/** `issue:access_token:token_exchange` … : what policies and enforcement points call an issuance. */
export const ISSUE_ACTIONS: readonly string[] = Object.entries(GRANTS_OF).flatMap(
  ([token, grants]) => grants.map((grant) => `${ISSUE}:${token}:${grant}`),
)

/**
 * Issuances that people can be asked about: what opens a task, and tokens of an open one. A refresh
 * token is no question of its own: it comes with the approved token, or is left out.
 */
const ASKED_ABOUT = [
  ...GRANT_NAMES.map((grant) => `${ISSUE}:access_token:${grant}`),
  `${ISSUE}:id_jag:token_exchange`,
  `${ISSUE}:jwt:token_exchange`,
]

/** Tells whether people can be asked about it, or about some of them. */
export function canBeAskedAbout(name: string): boolean {
  return name === ISSUE || ASKED_ABOUT.includes(name)
}

const KNOWN: ReadonlySet<string> = new Set([ISSUE, ...ISSUE_ACTIONS])

/** Tells whether it is the name of an issuance, or of all of them. */
export function isIssuance(name: string): boolean {
  return KNOWN.has(name)
}

/** Takes an action name of the profile apart; `undefined`: nothing of that kind is issued. */
export function readIssueAction(
  name: string,
): { readonly token: string; readonly grant: string } | undefined {
  if (name === ISSUE || !KNOWN.has(name)) return undefined
  const [, token = '', grant = ''] = name.split(':')
  return { token, grant }
}
