import type { Static } from 'typebox'
import { type ApiParts, acts, time } from '../../../console/api/index.ts'
import { compareInWorker } from '../../../policy/cedar/index.ts'
import { POLICY_ANALYSIS } from '../operations/policy.ts'
import type { SuggestionInput } from '../operations/suggestions.ts'
import { suggest } from '../suggestions/suggest.ts'
import { suggestPolicy } from '../suggestions/suggest-policy.ts'
import { replayed } from './replay.ts'

export const POLICY_ANALYSIS_OPERATIONS = acts(POLICY_ANALYSIS, {
  replay: (parts, { body }) => replayed(parts, body),
  suggest: async (parts, { params, query }) => {
    const within = lately(parts, query)
    const found = await suggest(parts.decisions, whoseOf(params), within)
    const { actions, details, now, withoutInputs, ...counts } = found
    return {
      ...timeShape(within),
      now,
      suggested: details,
      actions: actions.map(({ bounds, ...action }) => ({
        ...action,
        bounds: bounds.map(({ bound, ...rest }) => ({ ...bound, ...rest })),
      })),
      ...counts,
      without_inputs: withoutInputs,
    }
  },
  'suggest-policy': async (parts, { params, query }) => {
    const within = lately(parts, query)
    const found = await suggestPolicy(parts.decisions, whoseOf(params), within)
    const { before, made: _, newlyDenied, text, withoutInputs, ...rest } = found
    return {
      ...rest,
      ...timeShape(within),
      text,
      changes: await compareInWorker(before, text),
      newly_denied: newlyDenied,
      without_inputs: withoutInputs,
    }
  },
})

type Suggestion = ReturnType<typeof SuggestionInput>

function lately({ policy }: ApiParts, { hours = '720' }: Static<Suggestion['query']>) {
  const until = policy.clock.now()
  return { since: until - Number(hours) * 60 * 60_000, until }
}

function timeShape({ since, until }: ReturnType<typeof lately>) {
  return { from: time(since), to: time(until) }
}

function whoseOf({ id, of }: Static<Suggestion['params']>) {
  return of === 'task' ? { task: id } : { agent: id }
}
