import type { ArrivedRequest } from '../../platform/http/index.ts'
import { configuredUrl } from '../../platform/lib/client-url.ts'
import type { ParsedRequest } from './passage.ts'
import type { GatewayPorts } from './ports.ts'
import { strictRequest } from './strict-request.ts'

/**
 * Reads a request that has exactly one reading, and refuses every other at the first step. The end
 * of a refused request, or of one that offers to upgrade, is as doubtful as its content, so later bytes on its connection are not
 * taken for a request either.
 */
export function readStrictly(arrived: ArrivedRequest, ports: GatewayPorts): ParsedRequest {
  const { method = '', url = '', httpVersion, rawHeaders } = arrived.message
  const host = configuredUrl(ports.gateway).host
  try {
    const request = strictRequest({ method, target: url, httpVersion, rawHeaders }, host)
    // An offer to upgrade ends what Node reads of its packet, so a request behind it may have lost its beginning.
    if (request.headers.has('upgrade')) arrived.doubt()
    return { ...arrived, request }
  } catch (error) {
    arrived.doubt()
    throw error
  }
}
