import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { type BodyPlan, bodyPlans } from '../differential/bodies.ts'
import type { BodyForm } from './transport.ts'

/** A call with a body in some framing. */
export interface FramedCall extends Omit<BodyPlan, 'method'> {
  readonly method: BodyPlan['method'] | 'HEAD'
  readonly form: BodyForm
  /** True: every gateway has to let it through. */
  readonly passes: boolean
}

const METHODS = ['GET', 'DELETE', 'POST', 'HEAD'] as const
const FORMS: readonly BodyForm[] = ['none', 'empty', 'said', 'unsaid', 'lied']

const NAME = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }),
  fc.integer({ min: 1, max: 80_000 }).map((length) => 'x'.repeat(length)),
)
const FORM = fc.constantFrom(...FORMS)
const things = fc
  .record({ method: fc.constantFrom(...METHODS), form: FORM, name: NAME })
  .map(({ form, method, name }) => framedCall(method, form, name))
const others = fc
  .record({ form: FORM, sending: bodyPlans })
  .map(({ form, sending }): FramedCall => ({ form, passes: false, ...sending }))

/** Calls with a body of each kind in every framing that HTTP has. */
export const framedCalls: fc.Arbitrary<FramedCall> = fc.oneof(things, others)

/** One call of each kind, tried before others. */
export const framedExamples: readonly FramedCall[] = METHODS.flatMap((method) =>
  FORMS.map((form) => framedCall(method, form, 'a')),
)

function framedCall(method: (typeof METHODS)[number], form: BodyForm, name: string): FramedCall {
  // What was approved goes once.
  const path = method === 'DELETE' ? `/things/${randomUUID()}` : '/things'
  return {
    form,
    method,
    path,
    passes: form === 'none' && (method === 'GET' || method === 'DELETE'),
    type: 'application/json',
    body: Buffer.from(JSON.stringify({ name })),
  }
}
