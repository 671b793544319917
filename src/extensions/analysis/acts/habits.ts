import { acts, time } from '../../../console/api/index.ts'
import { compareInWorker } from '../../../policy/cedar/index.ts'
import { APPROVAL_SUGGESTIONS } from '../operations/habits.ts'
import { type ApprovalHabit, approvalHabits } from '../suggestions/habits.ts'
import { suggestException } from '../suggestions/suggest-exception.ts'

export const APPROVAL_SUGGESTION_OPERATIONS = acts(APPROVAL_SUGGESTIONS, {
  suggestions: async ({ decisions }, { query: { action, agent } }) => {
    if (action === undefined || agent === undefined) {
      const habits = await approvalHabits(decisions, agent)
      return { suggestions: habits.map(habitShape), draft: null }
    }
    const { actions } = await decisions.catalog.current()
    const own = actions.get(action)?.name ?? action
    const { exception, habit } = await suggestException(decisions, { action: own, agent })
    const { asked, before, linked, newlyPermitted, text, withoutInputs, ...rest } = exception
    return {
      suggestions: [habitShape(habit)],
      draft: {
        ...rest,
        text,
        linked,
        changes: await compareInWorker(before, text),
        asked_now: asked.now,
        asked_then: asked.drafted,
        newly_permitted: newlyPermitted,
        without_inputs: withoutInputs,
      },
    }
  },
})

function habitShape({ last, limits, ...habit }: ApprovalHabit) {
  return {
    ...habit,
    last: time(last),
    limits: limits.map(({ op, path, values }) => ({ op, path, values })),
  }
}
