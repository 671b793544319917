/** Accounts that have ended for good: how one ends, what is erased of it, and that its person cannot come back by themselves. */
export { endAccount } from './end-account.ts'
export { ERASED, eraseAccount } from './erase-account.ts'
export { permitReturn } from './permit-return.ts'
export { refuseEnded } from './refuse-ended.ts'
