import type { StepUp } from '@remit/engine'
import { errors, type KoaContextWithOIDC } from 'oidc-provider'

/** Under these names the protocol library lets the parameters of RFC 9470 section 4 pass. */
const OURS = { acr_values: 'step_up_acr_values', max_age: 'step_up_max_age' } as const

type Parameters = Record<string, unknown>

/**
 * Lets a client say how the person has to have signed in. The library takes `acr_values` and `max_age` for OpenID Connect's alone, and
 * refuses them without the scope `openid`; RFC 9470 has them for access tokens. So they are called otherwise from the moment on in which
 * they are read, also where they are pushed.
 */
export function letStepUpPass(provider: object): void {
  const { OIDCContext } = provider as { OIDCContext: new (context: object) => object } // `lib/provider.js`; not in its types
  class Context extends OIDCContext {
    #parameters: Parameters | undefined

    get params(): Parameters | undefined {
      return this.#parameters
    }

    set params(read: Parameters | undefined) {
      for (const [name, ours] of Object.entries(OURS)) {
        if (read?.[name] === undefined) continue
        read[ours] = read[name]
        read[name] = undefined
      }
      this.#parameters = read
      // Before the library looks at how the answer would be sent, and calls that what is wrong.
      if (typeof read?.response_type === 'string' && read.response_type !== 'code')
        throw new errors.UnsupportedResponseType('response_type is code')
    }
  }
  Object.defineProperty(provider, 'OIDCContext', { value: Context })
}

/** What is wrong with them is said before anybody is asked. */
export const stepUpParameters = {
  [OURS.acr_values]: (_context: KoaContextWithOIDC, text: string | undefined): void => {
    if (text !== undefined && !isList(text))
      throw new errors.InvalidRequest('acr_values is no list of values')
  },
  [OURS.max_age]: (_context: KoaContextWithOIDC, text: string | undefined): void => {
    if (text !== undefined && !/^\d{1,9}$/.test(text))
      throw new errors.InvalidRequest('max_age is no number of seconds')
  },
}

/** What a checked request says of it. */
export function stepUpOf(params: Readonly<Parameters>): StepUp | null {
  const { [OURS.acr_values]: ways, [OURS.max_age]: age, prompt } = params
  const anew = String(prompt ?? '')
    .split(' ')
    .includes('login')
  const acrValues = typeof ways === 'string' ? ways.split(' ').filter(Boolean) : []
  const seconds = age === undefined ? null : Number(age)
  const maxAgeSeconds = anew ? 0 : seconds
  return acrValues.length === 0 && maxAgeSeconds === null ? null : { acrValues, maxAgeSeconds }
}

const MAX_VALUES = 10

function isList(text: string): boolean {
  const values = text.split(' ').filter(Boolean)
  return (
    values.length <= MAX_VALUES &&
    values.every((value) => /^[\x21\x23-\x5B\x5D-\x7E]{1,255}$/.test(value))
  )
}
