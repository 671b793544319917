/** Minimum length of a credential. Shorter ones would blank half of what an API says. */
const MIN_LENGTH = 8

/**
 * Texts of a header's value that must not come back: the credential without the name of its scheme
 * (RFC 9110 section 11.4), since programs print it without; and the content that Basic encodes in
 * Base64 (RFC 7617).
 */
export function credentialTexts(value: string): readonly string[] {
  const { scheme, token } =
    /^(?<scheme>[\w!#$%&'*+.^`|~-]+) +(?<token>.+)$/.exec(value)?.groups ?? {}
  if (scheme === undefined || token === undefined || token.length < MIN_LENGTH) return [value]
  if (scheme.toLowerCase() !== 'basic') return [token]
  const pair = Buffer.from(token, 'base64').toString('latin1')
  const password = pair.slice(pair.indexOf(':') + 1)
  return [token, ...[pair, password].filter((text) => text.length >= MIN_LENGTH)]
}
