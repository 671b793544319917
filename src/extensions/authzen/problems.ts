import { moduleProblem } from '../../platform/lib/problem.ts'

/** Problems with submissions, searches and policy-only sets. Kept sorted. */
const PROBLEMS = {
  'access_request.bad_binding': { status: 400, title: 'The submission does not match the denial' },
  'access_request.denial_expired': { status: 410, title: 'The denial can no longer be submitted' },
  'access_request.duplicate': {
    status: 409,
    title: 'The idempotency key was used for another submission',
  },
  'access_request.expired': { status: 410, title: 'The submission is no longer available' },
  'access_request.not_pending': { status: 409, title: 'The submission is no longer pending' },
  'access_request.not_requestable': { status: 400, title: 'The denial is not requestable' },
  'access_request.unknown': { status: 404, title: 'There is no such submission' },
  'access_request.unknown_callback': {
    status: 400,
    title: 'The callback address is not registered',
  },
  'policy_set.invalid': { status: 400, title: 'The policy set has mistakes' },
  'policy_set.overtaken': { status: 409, title: 'Another version was published at the same time' },
  'policy_set.unknown': { status: 404, title: 'There is no such policy set' },
  'search.bad_page': { status: 400, title: 'The page token does not match the request' },
} as const

type OwnProblems = typeof PROBLEMS

declare module '../../platform/lib/problem.ts' {
  interface ModuleProblems extends OwnProblems {}
}

export const AuthzenProblem = moduleProblem(PROBLEMS)
