/** Retention: deletion by rules, legal holds, and erasure of a person's data. */

export type { PersonErasure } from './erasure-store.ts'
export { continueErasures, erasePerson } from './erasures.ts'
export { isHeld, type LegalHold } from './hold.ts'
export { beginRetention, holdsAreAsRead, readHolds } from './hold-store.ts'
export { type HoldDraft, liftHold, setHold } from './holds.ts'
export type { ErasureParts, RetentionParts } from './parts.ts'
export { subjectsOfRecords } from './record-classes.ts'
export { requireUnheld } from './require-unheld.ts'
export { CLASSES, type ClassName, type RetentionRules, RULES } from './rules.ts'
export { rulesIn } from './settings.ts'
export { type ErasureStatus, fateOfAccount, type RetentionState, showRetention } from './show.ts'
export { sweep } from './sweep.ts'
