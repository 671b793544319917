import { moduleProblem } from '../../platform/lib/problem.ts'

/** Problems with what Slack posts. Kept sorted. */
const PROBLEMS = {
  'chat.bad_signature': { status: 401, title: 'The signature of the chat service is not valid' },
} as const

type OwnProblems = typeof PROBLEMS

declare module '../../platform/lib/problem.ts' {
  interface ModuleProblems extends OwnProblems {}
}

export const SlackProblem = moduleProblem(PROBLEMS)
