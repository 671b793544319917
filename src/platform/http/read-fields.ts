import { Problem } from '../lib/problem.ts'
import { LIMITS } from './limits.ts'

export type Fields = ReadonlyMap<string, string>

function decode(text: string, where: string): string {
  try {
    const value = decodeURIComponent(text.replaceAll('+', ' '))
    if (/^[\x21-\x7e]*$/.test(text) && !value.includes('\0')) return value
  } catch {
    // Bad percent-encoding, or not UTF-8: refused below like the rest.
  }
  throw new Problem('request.malformed', `the ${where} is not percent-encoded UTF-8`)
}

/**
 * Reads `application/x-www-form-urlencoded` text, strictly: a name that comes twice is refused (which of the two
 * would count is what parsers disagree on), and so is anything that is not percent-encoded UTF-8.
 * Throws `Problem('request.malformed')`; `where` is the word for it, `form` or `query`.
 */
export function readFields(text: string, where: 'form' | 'query'): Fields {
  const fields = new Map<string, string>()
  if (text === '') return fields
  const parts = text.split('&')
  if (parts.length > LIMITS.fields) {
    throw new Problem('request.malformed', `the ${where} has more than ${LIMITS.fields} fields`)
  }
  for (const part of parts) {
    const at = part.indexOf('=')
    const name = decode(at < 0 ? part : part.slice(0, at), where)
    if (name === '') throw new Problem('request.malformed', `the ${where} has a field without name`)
    if (fields.has(name)) {
      throw new Problem(
        'request.malformed',
        `\`${name.slice(0, 40)}\` occurs twice in the ${where}`,
      )
    }
    fields.set(name, at < 0 ? '' : decode(part.slice(at + 1), where))
  }
  return fields
}
