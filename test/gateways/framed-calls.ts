import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import type { BodyForm } from './transport.ts'

/**
 * Number of calls in each version of HTTP that a gateway is tried with, approvals of those that need one
 * included. `REMIT_FRAMED_RUNS` tries more.
 */
export const FRAMED = Number(process.env.REMIT_FRAMED_RUNS ?? 60)

/** Calls with a body in every framing that HTTP has, and their bodies as JSON. */
export const framedCalls = fc
  .record({
    method: fc.constantFrom('GET', 'DELETE', 'POST', 'HEAD'),
    framing: fc.constantFrom<BodyForm[]>('none', 'empty', 'said', 'unsaid', 'lied'),
    name: fc.oneof(
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }),
      fc.integer({ min: 1, max: 80_000 }).map((length) => 'x'.repeat(length)),
    ),
  })
  .map(({ framing, method, name }) => ({
    framing,
    method,
    // What was approved goes once.
    path: method === 'DELETE' ? `/things/${randomUUID()}` : '/things',
    body: Buffer.from(JSON.stringify({ name })),
  }))
