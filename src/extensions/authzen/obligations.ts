import type { Obligation } from '@remit/engine'
import type { EvaluatedCall } from '../../calls/calls/index.ts'
import type { JsonObject } from '../../platform/lib/json.ts'

/** Types of the AuthZEN Obligations Profile (Draft 1) that a permit of ours may carry. */
export const SUPPORTED_OBLIGATIONS = ['step-up', 'notification', 'custom'] as const
type StepUp = NonNullable<EvaluatedCall['stepUp']>
export type ObligationType = (typeof SUPPORTED_OBLIGATIONS)[number]

interface WireObligation {
  readonly id: string
  readonly type: ObligationType
  readonly properties: Readonly<Record<string, unknown>>
}

/**
 * Writes the obligations of a permit as the profile does: our types are `custom`, with their name
 * among the properties.
 */
export function obligationsOf(obligations: readonly Obligation[]): readonly WireObligation[] {
  return obligations.map(({ id, properties, type }) =>
    type === NOTIFY
      ? { id, type: 'notification', properties: notificationOf(id, properties) }
      : { id, type: 'custom', properties: { ...properties, type } },
  )
}

const NOTIFY = 'notify'

function notificationOf(id: string, { to = '' }: Obligation['properties']) {
  const topic = 'a call was permitted'
  return { to, topic, body: `A call was permitted that you are told of (${id}).` }
}

/** Along with a denial: with such a sign-in the answer could be another. */
export function stepUpObligations({ acrValues, maxAge }: StepUp): readonly WireObligation[] {
  const [acr] = acrValues?.split(' ') ?? []
  const properties = { acr_value: acr, ...(maxAge === undefined ? {} : { max_age: maxAge }) }
  return acr === undefined ? [] : [{ id: 'step-up', type: 'step-up', properties }]
}

/** Tells whether it declared that it can bring a person to sign in again. */
export function bringsStepUp(context: JsonObject | undefined): boolean {
  return declaredIn(context).has('step-up')
}

/**
 * Tells whether an enforcement point can carry out one of our types, by what it declared
 * (`context.supported_obligations`). One that declared nothing can do nothing: what it does not
 * know of would silently be left undone.
 */
export function canDo(context: JsonObject | undefined): (type: string) => boolean {
  const declared = declaredIn(context)
  return (type) => declared.has(type === NOTIFY ? 'notification' : 'custom')
}

function declaredIn(context: JsonObject | undefined): ReadonlySet<unknown> {
  const declared = context?.get('supported_obligations')
  return new Set(Array.isArray(declared) ? declared : [])
}
