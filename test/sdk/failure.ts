import assert from 'node:assert/strict'
import { Denied } from 'remit-sdk'

/** The error that this ends with. */
export function failure(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => assert.fail('it went well'),
    (error: unknown) => error,
  )
}

export function assertDenied(error: unknown, code: string): asserts error is Denied {
  assert.ok(error instanceof Denied, String(error))
  assert.equal(error.code, code, error.detail)
  assert.ok(error.message.startsWith(`${code}: `) && error.detail !== '')
}
