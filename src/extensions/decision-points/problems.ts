import { moduleProblem } from '../../platform/lib/problem.ts'

/** Problems with the configuration of decision points. Kept sorted. */
const PROBLEMS = {
  'decision_point.bad': { status: 400, title: 'The decision point is not valid' },
  'decision_point.exists': { status: 409, title: 'A decision point with this name exists already' },
  'decision_point.unknown': { status: 404, title: 'There is no such decision point' },
} as const

type OwnProblems = typeof PROBLEMS

declare module '../../platform/lib/problem.ts' {
  interface ModuleProblems extends OwnProblems {}
}

export const DecisionPointProblem = moduleProblem(PROBLEMS)
