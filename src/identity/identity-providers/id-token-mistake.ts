import { shortText } from './plain-text.ts'

/** Claims whose values may be shown: they name parties. Others, such as the nonce, are for one use and stay inside. */
const MAY_BE_SHOWN = new Set(['aud', 'azp', 'iss'])

/**
 * A sentence on the fault that the OpenID client library found in the provider's answer, for the person who signs in and for the log.
 * `undefined`: the library has no message that can be repeated. A failed claim is in the `cause` of one of the errors (`claim`, `claims`,
 * `expected`); the messages of the library are fixed texts and name no value.
 */
export function idTokenMistake(error: unknown): string | undefined {
  const chain = causesOf(error)
  for (const each of chain) {
    const claim = member(each, 'claim')
    if (typeof claim !== 'string') continue
    const found = shortClaim(member(member(each, 'claims'), claim))
    if (!MAY_BE_SHOWN.has(claim)) return `its ID token has a wrong \`${claim}\``
    const expected = shortClaim(member(each, 'expected'))
    const wanted = expected === undefined ? '' : `, and \`${expected}\` was expected`
    return `\`${claim}\` in its ID token is ${found === undefined ? 'not readable' : `\`${found}\``}${wanted}`
  }
  if (chain.some(isClientRefused)) return 'it does not know this client, or not by this secret'
  const messages = chain.map((each) => member(each, 'message')).filter((each) => each !== undefined)
  return shortText(messages.at(-1))
}

/** `invalid_client` of RFC 6749 section 5.2, in its body or as the challenge to authenticate that goes with it. */
function isClientRefused(error: unknown): boolean {
  if (member(error, 'error') === 'invalid_client') return true
  const challenges = member(error, 'cause')
  return Array.isArray(challenges) && challenges.some((each) => member(each, 'scheme') === 'basic')
}

function causesOf(error: unknown): unknown[] {
  const chain: unknown[] = []
  for (let each = error; each !== undefined && chain.length < 5; each = member(each, 'cause'))
    chain.push(each)
  return chain
}

function member(of: unknown, name: string): unknown {
  if (typeof of !== 'object' || of === null) return undefined
  return Object.getOwnPropertyDescriptor(of, name)?.value
}

function shortClaim(value: unknown): string | undefined {
  return shortText(Array.isArray(value) ? value.slice(0, 5).map(String).join(' ') : value)
}
