import { noSlot } from '../../src/edges/gateway/http/upstream-failure.ts'
import type { Answer } from './connection.ts'

const BUSY = /"code":"(?:server|upstream)\.busy"/
/** Words of a refusal within a result of MCP, which has the status 200. */
const NO_SLOT = noSlot().detail

/** Checks for the refusal of a server that cannot keep up: an answer under a load that comes by schedule, and a fault in any other. */
export function isBusy({ body, status }: Answer): boolean {
  if (status === 503) return BUSY.test(body.toString('latin1'))
  return status === 200 && body.includes(NO_SLOT) && body.includes('"isError":true')
}
