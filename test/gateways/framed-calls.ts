import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import type { BodyForm } from './transport.ts'

const METHODS = ['GET', 'DELETE', 'POST', 'HEAD'] as const
const FORMS: readonly BodyForm[] = ['none', 'empty', 'said', 'unsaid', 'lied']

/**
 * Number of calls in each version of HTTP that a gateway is tried with, approvals of those that need one
 * included. `REMIT_FRAMED_RUNS` tries more.
 */
export const FRAMED = Number(process.env.REMIT_FRAMED_RUNS ?? 60)

const NAME = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }),
  fc.integer({ min: 1, max: 80_000 }).map((length) => 'x'.repeat(length)),
)

/** Calls with a body in every framing that HTTP has, and their bodies as JSON. */
export const framedCalls = fc
  .record({ method: fc.constantFrom(...METHODS), form: fc.constantFrom(...FORMS), name: NAME })
  .map(({ form, method, name }) => framedCall(method, form, name))

/** One call of each kind, tried before others. */
export const framedExamples = METHODS.flatMap((method) =>
  FORMS.map((form) => framedCall(method, form, 'a')),
)

function framedCall(method: (typeof METHODS)[number], form: BodyForm, name: string) {
  // What was approved goes once.
  const path = method === 'DELETE' ? `/things/${randomUUID()}` : '/things'
  return { form, method, path, body: Buffer.from(JSON.stringify({ name })) }
}
