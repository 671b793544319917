/** Calls that others make or stop by Remit's word: APIs that agents call directly, and gateways in front of them. */
export { decideDirect, type RefusalAnswer } from './decide-direct.ts'
export { directCall, directMatch, directResource } from './direct-call.ts'
export { Bundles } from './in-process/bundles.ts'
export { markOf, taskFacts } from './in-process/task-facts.ts'
