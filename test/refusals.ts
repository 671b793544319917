import assert from 'node:assert/strict'
import { type ProblemCode, problemKind } from '../src/platform/lib/problem.ts'
import type { Answer } from './wire.ts'

/** The answer is this refusal, as RFC 9457 has it, with the status of the catalogue. */
export function assertRefused(answer: Answer, code: ProblemCode, hint = ''): void {
  const seen = `${hint} ${answer.status} ${answer.text.slice(0, 500)}`
  assert.equal(answer.body.code, code, seen)
  assert.equal(answer.status, problemKind(code).status, seen)
  assert.match(String(answer.headers['content-type']), /^application\/problem\+json/, seen)
  assert.equal(answer.body.status, answer.status, seen)
  assert.equal(answer.body.title, problemKind(code).title, seen)
  assert.ok(String(answer.body.detail).length > 0, seen)
  assert.equal(answer.headers['cache-control'], 'no-store', seen)
}

/** The answer of the token endpoint is this refusal (RFC 6749 section 5.2), with our code beside theirs; CIBA has it in a header. */
export function assertNoToken(answer: Answer, error: string, code: ProblemCode, hint = ''): void {
  const seen = `${hint} ${answer.status} ${answer.text.slice(0, 500)}`
  assert.equal(answer.body.error, error, seen)
  assert.equal(answer.body.code ?? answer.headers['remit-problem'], code, seen)
  assert.equal(answer.status, error === 'invalid_client' ? 401 : 400, seen)
  assert.equal(answer.headers['cache-control'], 'no-store', seen)
  assert.equal('access_token' in answer.body, false, seen)
}

/** A call of somebody who was identified was refused, with a decision that can be looked up. Answers its id. */
export function assertDenied(answer: Answer, code: ProblemCode, hint = ''): string {
  assertRefused(answer, code, hint)
  const seen = `${hint} ${answer.text}`
  assert.match(String(answer.body.decision_id), /^dec_/, seen)
  assert.equal(answer.headers['remit-decision'], answer.body.decision_id, seen)
  assert.ok(String(answer.body.enough).length > 0, seen)
  return String(answer.body.decision_id)
}

/** A call of nobody who could be identified was refused: there is no decision, and the answer names none (contract 12.14). */
export function assertUnidentified(answer: Answer, code: ProblemCode, hint = ''): void {
  assertRefused(answer, code, hint)
  const seen = `${hint} ${answer.text}`
  assert.equal(answer.status, 401, seen)
  assert.equal(answer.body.decision_id, undefined, seen)
  assert.equal(answer.headers['remit-decision'], undefined, seen)
  assert.ok(String(answer.body.enough).length > 0, seen)
}

export interface ApprovalRequest {
  readonly id: string
  readonly url: string
  readonly page: string
  readonly expires_at: string
}

/** A call was permitted and came to nothing; the answer says why, and by which decision. */
export function assertFailed(answer: Answer, code: ProblemCode, hint = ''): void {
  assertRefused(answer, code, hint)
  assert.match(String(answer.body.decision_id), /^dec_/)
  assert.equal(answer.headers['remit-decision'], answer.body.decision_id)
}

/** The call needs people, who can be asked. Answers the access request. */
export function assertRequestable(answer: Answer): ApprovalRequest {
  assertDenied(answer, 'approval.required')
  const asked = answer.body.access_request as ApprovalRequest // checked below
  assert.match(asked.id, /^req_/)
  assert.ok(asked.page.includes(asked.id))
  return asked
}
