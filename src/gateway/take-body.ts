import { Problem } from '../lib/problem.ts'
import type { Located, Read } from './passage.ts'
import { readBody } from './read-body.ts'

/** All of the body before anything is decided: what is decided on is what is sent. */
export async function takeBody(located: Located): Promise<Read> {
  const body = await readBody(located.message, located.request)
  if (body !== undefined && located.action.access === 'read') {
    throw new Problem('arguments.refused', 'this operation takes no body')
  }
  return { ...located, body }
}
