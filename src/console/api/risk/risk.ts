import { endSignal, listSignals, raiseSignal } from '../../../tasks/risk/index.ts'
import { RISK } from '../../api-operations/risk.ts'
import { acts } from '../operation.ts'
import { raisingOf, signalShape } from './signals.ts'

const MAX_LISTED = 500

/** Operations on risk signals about agents, people and tasks. */
export const RISK_OPERATIONS = [
  ...acts(RISK, {
    list: async ({ decisions }) => {
      const now = decisions.clock.now()
      const signals = await listSignals(decisions.storage.read, now, MAX_LISTED)
      return { signals: signals.map(signalShape) }
    },
    raise: async ({ decisions }, { body, caller }) =>
      signalShape(await raiseSignal(decisions, raisingOf(body, caller.person.id))),
    end: async ({ decisions }, { body, caller }) => {
      await endSignal(decisions, { ...body, by: caller.person.id })
      return {}
    },
  }),
]
