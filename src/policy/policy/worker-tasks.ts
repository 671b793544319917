import { createHash } from 'node:crypto'
import { LruCache } from '../../platform/lib/lru-cache.ts'
import { workerTask } from '../../platform/lib/worker-task.ts'
import { rememberParsed, type Validation } from '../cedar/index.ts'
import type { runCases } from './cases/run-cases.ts'
import type { examinePolicies } from './validate.ts'

const MAX_MS = 120_000

const base = import.meta.url

/** `runCases` in a thread. */
export const runCasesInWorker = workerTask<typeof runCases>({
  ...{ base, file: 'cases/run-cases', name: 'runCases', maxMs: MAX_MS },
})

const examine = workerTask<typeof examinePolicies>({
  ...{ base, file: 'validate', name: 'examinePolicies', maxMs: MAX_MS },
})

/**
 * Results for the texts that were last without a mistake, by digest: most changes of a catalog leave the schema as it is, and each of
 * them asks again. The result depends on text and schema alone.
 */
const MAX_VALIDATIONS = 16
const found = new LruCache<Validation>(MAX_VALIDATIONS)

/** The validation; when the evaluator itself fails on the text, that is the mistake. */
export async function validateInWorker(input: {
  readonly text: string
  readonly schema: string
}): Promise<Validation> {
  const digest = policySetDigest(input)
  const known = found.get(digest, '')
  if (known) return known
  try {
    const { policies, validation } = await examine(input.text, input.schema)
    if (validation.mistakes.length === 0) {
      rememberParsed(input.text, policies)
      found.put(digest, '', validation)
    }
    return validation
  } catch {
    const message = 'the policies are too deeply nested or too large to be checked'
    return {
      mistakes: [{ line: 1, column: 1, message }],
      warnings: [],
    }
  }
}

function policySetDigest({
  text,
  schema,
}: {
  readonly text: string
  readonly schema: string
}): string {
  return createHash('sha256')
    .update(JSON.stringify([text, schema]))
    .digest('base64url')
}
