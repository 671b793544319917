import { moduleProblem } from '../../platform/lib/problem.ts'

/** Problems with legal holds. Kept sorted. */
const PROBLEMS = {
  'retention.bad_hold': { status: 400, title: 'The legal hold is not valid' },
  'retention.held': { status: 409, title: 'A legal hold covers the data' },
  'retention.unknown_hold': { status: 404, title: 'There is no such legal hold' },
} as const

type OwnProblems = typeof PROBLEMS

declare module '../../platform/lib/problem.ts' {
  interface ModuleProblems extends OwnProblems {}
}

export const RetentionProblem = moduleProblem(PROBLEMS)
