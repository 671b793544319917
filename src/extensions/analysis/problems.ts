import { moduleProblems } from '../../platform/lib/problem.ts'

/** Problems with replays and suggestions. Kept sorted. */
export const ANALYSIS_PROBLEMS = moduleProblems({
  'approval.no_habit': { status: 404, title: 'There is no rule to suggest' },
  'policy.replay_running': { status: 409, title: 'A replay is running already' },
})
