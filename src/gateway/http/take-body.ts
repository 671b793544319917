import { readBody } from '../read-body.ts'
import type { MatchedRequest, Read } from './call-steps.ts'

/**
 * Reads the whole body before anything is decided, so that the decided bytes are the sent bytes.
 */
export async function takeBody(matched: MatchedRequest): Promise<Read> {
  return { ...matched, body: await readBody(matched.message, matched.request) }
}
