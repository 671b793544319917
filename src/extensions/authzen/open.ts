import { GatheredRecords } from '../../platform/ledger/index.ts'
import type { Centre, ModuleGround, OpenModule } from '../module.ts'
import { authzenOperations } from './acts.ts'
import { authzenHandlers } from './endpoints.ts'
import { latestOnlySet, type OnlyAnsweringParts, OnlySets } from './policy-only/index.ts'
import {
  findCallback,
  forgetEvaluated,
  keepCallingBack,
  submittedWith,
} from './submissions/index.ts'

export function openAuthzen({ messages, settings }: ModuleGround): OpenModule {
  const callbacksOf = (centre: Centre) => ({
    ...centre,
    outbound: messages,
    origins: settings.webhookOrigins,
  })
  return {
    hooks: {
      companionsOf: submittedWith,
      callbackOf: async (db, id) => (await findCallback(db, id))?.url,
      policySet: latestOnlySet,
    },
    operations: (centre) =>
      authzenOperations({ policySets: centre, callbacks: callbacksOf(centre) }),
    routes: (centre) =>
      authzenHandlers({
        ...centre,
        keys: centre.decisions.keys,
        clients: centre.authenticator,
        only: onlyOf(centre),
      }),
    work(centre, onError) {
      const calling = keepCallingBack(callbacksOf(centre), { onError })
      return [{ name: 'callbacks', close: () => calling.stop() }]
    },
    cleanUp: ({ clock, storage }) => [
      { name: 'evaluated requests', run: () => forgetEvaluated(storage, clock.now()) },
    ],
  }
}

/** Parts that sets of policies answer with. */
export function onlyOf({ ledger, live, storage }: Centre): OnlyAnsweringParts {
  return {
    live,
    onlySets: new OnlySets({ live, storage }),
    answered: new GatheredRecords({
      // An answer to an enforcement point gives authority: it commits only under this server's lease.
      storage: {
        ...{ engine: storage.engine, read: storage.read },
        commit: (steps) => live.commit(storage, steps),
      },
      ledger,
    }),
  }
}
