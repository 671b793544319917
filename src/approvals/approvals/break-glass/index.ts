/** Approvals that one person gives alone in an emergency, and their reviews. */

export { type BreakGlass, isReviewer, mayBreakGlass } from './break-glass.ts'
export {
  breakGlassFor,
  findBreakGlass,
  type ListedBreakGlass,
  listBreakGlass,
  reviewsFor,
} from './list.ts'
export { requireBreakGlass } from './may-open.ts'
export { breakGlass, planBreakGlass } from './open.ts'
export { reviewBreakGlass } from './review.ts'
