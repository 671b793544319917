import type { StepUp } from '@remit/engine'
import { Problem } from '../../platform/lib/problem.ts'

const MAX_ACR_VALUES = 10
const ACR_VALUE = /^[\x21\x23-\x5b\x5d-\x7e]{1,255}$/

interface ReadableForm {
  get(name: string): string | undefined
}

/**
 * Reads how the person has to have signed in (RFC 9470 section 4, OpenID Connect Core section
 * 3.1.2.1); `always`: the person has to sign in again in any case.
 */
export function wantedStepUp(form: ReadableForm, always = false): StepUp | null {
  const acrValues = form.get('acr_values')?.split(' ').filter(Boolean) ?? []
  if (acrValues.length > MAX_ACR_VALUES || !acrValues.every((value) => ACR_VALUE.test(value)))
    throw new Problem('oauth.invalid_request', '`acr_values` is no list of values')
  const age = form.get('max_age')
  if (age !== undefined && !/^\d{1,9}$/.test(age))
    throw new Problem('oauth.invalid_request', '`max_age` is no number of seconds')
  const seconds = age === undefined ? null : Number(age)
  const maxAgeSeconds = always ? 0 : seconds
  return acrValues.length === 0 && maxAgeSeconds === null ? null : { acrValues, maxAgeSeconds }
}
