import { aside } from '../lib/aside.ts'
import type { Validation } from './findings.ts'
import { rememberParsed } from './parse.ts'
import type { Examination } from './validate.ts'

const MOST_MS = 120_000

/** `examinePolicies` in a thread of its own. */
const inThread = aside<{ text: string; schema: string }, Examination>(
  import.meta.url,
  'validate-thread',
  MOST_MS,
)

/** The validation; when the evaluator itself fails on the text, that is the mistake. */
export async function validateAside(input: {
  readonly text: string
  readonly schema: string
}): Promise<Validation> {
  try {
    const { policies, validation } = await inThread(input)
    if (validation.mistakes.length === 0) rememberParsed(input.text, policies)
    return validation
  } catch {
    const message = 'the policies are too deeply nested or too large to be checked'
    return {
      mistakes: [{ policy: undefined, line: 1, column: 1, message, help: undefined }],
      warnings: [],
    }
  }
}
