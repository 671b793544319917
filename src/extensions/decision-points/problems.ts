import { moduleProblems } from '../../platform/lib/problem.ts'

/** Problems with the configuration of decision points. Kept sorted. */
export const DECISION_POINT_PROBLEMS = moduleProblems({
  'decision_point.bad': { status: 400, title: 'The decision point is not valid' },
  'decision_point.exists': { status: 409, title: 'A decision point with this name exists already' },
  'decision_point.unknown': { status: 404, title: 'There is no such decision point' },
})
