import { aside } from '../lib/worker-task.ts'
import { type ParsedPolicy, recallParsed, rememberParsed } from './parse.ts'

const MAX_MS = 120_000

const inThread = aside<string, readonly ParsedPolicy[]>(import.meta.url, 'parse-thread', MAX_MS)

/**
 * `parsePolicies` in a thread of its own: the parser takes its time for a large text, and dies of one that is nested too deep. What was
 * parsed lately is not parsed again.
 */
export async function parseAside(text: string): Promise<readonly ParsedPolicy[]> {
  const known = recallParsed(text)
  if (known) return known
  const policies = await inThread(text)
  rememberParsed(text, policies)
  return policies
}
