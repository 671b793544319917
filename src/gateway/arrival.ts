import { locate } from './locate.ts'
import type { Arrived, Strict } from './passage.ts'
import type { GatewayPorts } from './ports.ts'
import { readStrictly } from './read-strictly.ts'
import { startingWith } from './steps.ts'

/** Steps of every request's arrival, in order, whatever its resource speaks. */
export const ARRIVAL = startingWith<Arrived, Strict, GatewayPorts>(
  'one reading of the request',
  readStrictly,
).next('resource', locate)
