import type { OutgoingHttpHeaders } from 'node:http'
import type { Problem } from '../../platform/lib/problem.ts'

/**
 * Tells the caller that no API said this. INVARIANT: on every answer of the gateway's own over HTTP, and on no other:
 * what an upstream calls so is never passed on.
 */
export const OWN_ANSWER = { 'remit-answer': 'own' } as const

/**
 * An answer of the gateway itself. `body` is rendered as JSON, or else `problem` as RFC 9457; a problem beside a body is counted, and
 * told in the words of the body.
 */
export interface OwnAnswer {
  readonly status: number
  readonly headers?: OutgoingHttpHeaders
  readonly problem?: Problem
  readonly body?: unknown
  /** True for a status that has no body. */
  readonly isBodiless?: true
  /**
   * True if the caller could not be identified. Such answers to one address are
   * limited.
   */
  readonly stranger?: true
}

/** Ends the pipeline with an answer of our own: a denial that was decided, or a document. */
export class PipelineEnd extends Error {
  readonly answer: OwnAnswer
  constructor(answer: OwnAnswer) {
    super('answered by the gateway')
    this.name = 'Ended'
    this.answer = answer
  }
}
