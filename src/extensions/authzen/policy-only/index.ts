/** Sets of policies that answer questions of other systems, without tasks and agents of Remit. */
export { OnlyAnswerer, type OnlyAnsweringParts } from './answering.ts'
export { checkOnlySetInWorker } from './check-set-in-worker.ts'
export type { EntityReference, PolicyOnlyQuestion } from './loaded-set.ts'
export type { PolicyOnlySet } from './only-set.ts'
export { OnlySets } from './only-sets.ts'
export { type OnlySetParts, publishOnlySet } from './publish-set.ts'
export { findOnlySet, latestOnlySet, listOnlySets } from './set-store.ts'
