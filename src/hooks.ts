import { NO_POINTS, UNCOUNTED } from './calls/calls/index.ts'
import type { CentreHooks, Module, OpenModule } from './extensions/module.ts'
import type { ObserverGround, ServerObserver } from './extensions/server-observer.ts'
import { NOTHING_ARCHIVED } from './platform/ledger/index.ts'
import { UNOBSERVED } from './platform/lib/request-observer.ts'
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

/** Observer of a server that nothing observes. */
export const NO_OBSERVER: ServerObserver = {
  requests: UNOBSERVED,
  calls: UNCOUNTED,
  collect: undefined,
  observeStorage: (storage) => storage,
  observe: async () => {},
  listen: async () => undefined,
  stop: async () => {},
}

/** Opens the observer of the first of these modules that has one. */
export async function openObserver(
  modules: readonly Module[],
  ground: ObserverGround,
): Promise<ServerObserver> {
  const opened = await Promise.all(modules.map((each) => each.observe?.(ground)))
  return opened.find((each) => each !== undefined) ?? NO_OBSERVER
}

/** Hooks as these modules fill them. */
export function hooksOf(modules: readonly OpenModule[]): CentreHooks {
  return Object.assign({}, DEFAULTS, ...modules.map(({ hooks }) => hooks))
}
