import type { PolicyAnswer } from '@remit/engine'

/** Not one policy's fault: the request, an entity or the evaluator. */
export function failed(message: string | undefined): PolicyAnswer {
  return {
    permitted: false,
    determining: [],
    errors: [{ policy: '', message: message ?? 'the evaluator failed' }],
  }
}
