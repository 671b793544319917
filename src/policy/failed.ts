import type { PolicyAnswer } from '@remit/engine'

/**
 * Answers a failure that is not one policy's fault: the request, an entity or the evaluator failed.
 */
export function failed(message: string | undefined): PolicyAnswer {
  return {
    permitted: false,
    determining: [],
    errors: [{ policy: '', message: message ?? 'the evaluator failed' }],
  }
}
