import { NO_POINTS } from './calls/calls/index.ts'
import type { CentreHooks, OpenModule } from './extensions/module.ts'
import { NOTHING_ARCHIVED } from './platform/ledger/index.ts'
import { noCompanions } from './tasks/approval-desk/index.ts'

/** Hooks of the centre without modules. */
const DEFAULTS: CentreHooks = {
  archived: NOTHING_ARCHIVED,
  points: NO_POINTS,
  watcherOf: () => ({ offer: () => {} }),
  approvalsLike: async () => undefined,
  previewsBy: () => undefined,
  companionsOf: noCompanions,
  questionOf: async () => undefined,
  callbackOf: async () => undefined,
  policySet: async () => undefined,
}

/** Hooks as these modules fill them. */
export function hooksOf(modules: readonly OpenModule[]): CentreHooks {
  return Object.assign({}, DEFAULTS, ...modules.map(({ hooks }) => hooks))
}
