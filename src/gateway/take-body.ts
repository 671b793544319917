import type { Located, Read } from './passage.ts'
import { readBody } from './read-body.ts'

/** All of the body before anything is decided: what is decided on is what is sent. */
export async function takeBody(located: Located): Promise<Read> {
  return { ...located, body: await readBody(located.message, located.request) }
}
