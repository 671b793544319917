import { moduleProblems } from '../../platform/lib/problem.ts'

/** Problems with legal holds. Kept sorted. */
export const RETENTION_PROBLEMS = moduleProblems({
  'retention.bad_hold': { status: 400, title: 'The legal hold is not valid' },
  'retention.held': { status: 409, title: 'A legal hold covers the data' },
  'retention.unknown_hold': { status: 404, title: 'There is no such legal hold' },
})
