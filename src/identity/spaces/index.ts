/** Spaces: where people and agents meet, whose authority counts there, and who says who is there. */
export {
  changeSpace,
  removeSpace,
  requireSpace,
  resumeSpace,
  suspendSpace,
} from './change-space.ts'
export { createSpace } from './create-space.ts'
export { mayOpen } from './openers.ts'
export type { SpaceRules } from './rules.ts'
export {
  modeOf,
  type Space,
  type SpaceLine,
  type SpaceParts,
  spaceLimit,
  withinSpaces,
} from './space.ts'
export { findLine, findSpace, isEverythingStopped, listSpaces } from './space-store.ts'
export { resumeEverything, stopEverything } from './stop-everything.ts'
export { endThread, stateThread } from './thread/state-thread.ts'
export { type Statement, THREAD_LIMITS, type Thread } from './thread/thread.ts'
export { findThread, listThreads, threadByName } from './thread/thread-store.ts'
