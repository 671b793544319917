/** External decision points: which are asked about a call, how, and what their answers count for. */
export { addPoint, removePoint } from './configure.ts'
export {
  DECISION_POINTS_SEALED,
  type DecisionPoint,
  TIMEOUT_MS,
} from './decision-point.ts'
export { selectPoints as listPoints } from './decision-point-store.ts'
export { DecisionPoints } from './decision-points.ts'
