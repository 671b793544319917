import { readBody } from '../read-body.ts'
import type { MatchedRequest, Read } from './passage.ts'

/** All of the body before anything is decided: what is decided on is what is sent. */
export async function takeBody(matched: MatchedRequest): Promise<Read> {
  return { ...matched, body: await readBody(matched.message, matched.request) }
}
