import { MINUTE } from '../../platform/lib/time-units.ts'
import { workerTask } from '../../platform/lib/worker-task.ts'
import { type ParsedPolicy, type parsePolicies, recallParsed, rememberParsed } from './parse.ts'
import type { compareTexts } from './texts/compare.ts'
import type { formatText } from './texts/format.ts'

const base = import.meta.url
const parse = workerTask<typeof parsePolicies>({
  ...{ base, file: 'parse', name: 'parsePolicies', maxMs: 120_000 },
})

/**
 * Parses policies as `parsePolicies` does, in a thread: the parser takes its time for a large text,
 * and dies of one that is nested too deep. A text that was parsed lately is not parsed again.
 */
export async function parseInWorker(text: string): Promise<readonly ParsedPolicy[]> {
  const known = recallParsed(text)
  if (known) return known
  const policies = await parse(text)
  rememberParsed(text, policies)
  return policies
}

/** `formatText` in a thread. */
export const formatInWorker = workerTask<typeof formatText>({
  ...{ base, file: 'texts/format', name: 'formatText', maxMs: MINUTE },
})

/** `compareTexts` in a thread. */
export const compareInWorker = workerTask<typeof compareTexts>({
  ...{ base, file: 'texts/compare', name: 'compareTexts', maxMs: MINUTE },
})
