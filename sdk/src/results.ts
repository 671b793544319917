import { RemitError, UsageError } from './errors.ts'

/**
 * Wraps a tool so that its refusals are its results, for every framework: what Remit refused, that
 * people have to approve, or that a call failed is text that the model understands. Misuse of the
 * package, and every other error, is still thrown.
 */
export function refusalsAsResults<A extends readonly unknown[], R>(
  tool: (...args: A) => Promise<R>,
): (...args: A) => Promise<R | string> {
  return async (...args) => {
    try {
      return await tool(...args)
    } catch (error) {
      if (!(error instanceof RemitError) || error instanceof UsageError) throw error
      return error.forModel()
    }
  }
}
