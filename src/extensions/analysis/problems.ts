import { moduleProblem } from '../../platform/lib/problem.ts'

/** Problems with replays and suggestions. Kept sorted. */
const PROBLEMS = {
  'approval.no_habit': { status: 404, title: 'There is no rule to suggest' },
  'policy.replay_running': { status: 409, title: 'A replay is running already' },
} as const

type OwnProblems = typeof PROBLEMS

declare module '../../platform/lib/problem.ts' {
  interface ModuleProblems extends OwnProblems {}
}

export const AnalysisProblem = moduleProblem(PROBLEMS)
