/** Reach: who can do what under the policies, what a change would make of that, and whether one call could go. */
export {
  type ChangedReach,
  type ReachOfChange,
  reachOfAgent,
  reachOfPerson,
  reachOfPolicies,
} from './changed-reach.ts'
export { type Check, checkCall } from './check-call.ts'
export { agentEntities } from './ever-of.ts'
export { whatCan } from './what-can.ts'
export { type DeterminingRules, type PermittedAgent, whoCan } from './who-can.ts'
