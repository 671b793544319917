import { MODULES } from './modules.ts'
import { operationsOf } from './operations.ts'

/**
 * The whole management API: every operation, who may call it, and whether it widens access. There is no other route. Tests and
 * tools go over all of them. A server loads those of its own modules: `operationsOf`.
 */
export const OPERATIONS = await operationsOf(MODULES)
