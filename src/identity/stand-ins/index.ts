/** Stand-ins: people who answer for a person who is away. */
export { standInAnnouncers } from './announce.ts'
export { type Answerer, rolesOf, standInWords, withStandIns } from './answerer.ts'
export { endStandIn, endStandInsOf } from './end-stand-in.ts'
export { nameStandIn } from './name-stand-in.ts'
export type { AbsentPerson, StandIn } from './stand-in.ts'
export { openStandIns } from './stand-in-store.ts'
