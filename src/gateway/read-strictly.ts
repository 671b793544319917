import type { ArrivedRequest } from '../http/index.ts'
import type { ParsedRequest } from './passage.ts'
import type { GatewayPorts } from './ports.ts'
import { strictRequest } from './strict-request.ts'

/**
 * Reads a request that has exactly one reading, and refuses every other at the first step. The end
 * of a refused request is as doubtful as its content, so later bytes on its connection are not
 * taken for a request either.
 */
export function readStrictly(arrived: ArrivedRequest, ports: GatewayPorts): ParsedRequest {
  const { method = '', url = '', httpVersion, rawHeaders } = arrived.message
  const host = hostOf(ports.gateway)
  try {
    const request = strictRequest({ method, target: url, httpVersion, rawHeaders }, host)
    return { ...arrived, request }
  } catch (error) {
    arrived.doubt()
    throw error
  }
}

/** Hosts of gateways by their address, which is configured: a process has one. */
const hosts = new Map<string, string>()

function hostOf(gateway: string): string {
  const known = hosts.get(gateway)
  if (known !== undefined) return known
  const { host } = new URL(gateway)
  hosts.set(gateway, host)
  return host
}
