import type { Obligation } from '@remit/engine'
import type { JsonObject } from '../lib/json.ts'

/** Types of the AuthZEN Obligations Profile (Draft 1) that a permit of ours may carry. */
export const SUPPORTED_OBLIGATIONS = ['step-up', 'notification', 'custom'] as const
export type ObligationType = (typeof SUPPORTED_OBLIGATIONS)[number]

/** Our own types that have a registered one; everything else is `custom`, with our type among its properties. */
const REGISTERED: Readonly<Record<string, ObligationType>> = {
  step_up: 'step-up',
  'step-up': 'step-up',
  notify: 'notification',
  notification: 'notification',
}

interface WireObligation {
  readonly id: string
  readonly type: ObligationType
  readonly properties: Readonly<Record<string, unknown>>
}

/** What has to be done, as the profile says it. */
export function obligationsOf(obligations: readonly Obligation[]): readonly WireObligation[] {
  return obligations.map(({ id, properties, type }) => {
    const registered = REGISTERED[type]
    return registered === undefined
      ? { id, type: 'custom', properties: { ...properties, type } }
      : { id, type: registered, properties }
  })
}

/** Our own types, by what has to be declared for them. */
const OURS: Readonly<Record<ObligationType, readonly string[]>> = {
  'step-up': ['step_up', 'step-up'],
  notification: ['notify', 'notification'],
  custom: ['redact', 'hash', 'cap'],
}

/**
 * Our types of obligation that an enforcement point can carry out, by what it declared (`context.supported_obligations`). One that
 * declared nothing can do nothing: what it does not know of would silently be left undone.
 */
export function doableOf(context: JsonObject | undefined): readonly string[] {
  const declared = context?.get('supported_obligations')
  if (!Array.isArray(declared)) return []
  return SUPPORTED_OBLIGATIONS.filter((type) => declared.includes(type)).flatMap(
    (type) => OURS[type],
  )
}
