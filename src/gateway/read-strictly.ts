import type { Arrived, Strict } from './passage.ts'
import type { GatewayPorts } from './ports.ts'
import { strictRequest } from './strict-request.ts'

/**
 * The first step: a request that has one reading, or none of it is looked at further. Where it ends is then as doubtful
 * as what it says, so nothing behind it is taken for a request either.
 */
export function readStrictly(arrived: Arrived, ports: GatewayPorts): Strict {
  const { method = '', url = '', httpVersion, rawHeaders } = arrived.message
  const host = new URL(ports.gateway).host
  try {
    const request = strictRequest({ method, target: url, httpVersion, rawHeaders }, host)
    return { ...arrived, request }
  } catch (error) {
    arrived.doubt()
    throw error
  }
}
