import type { IncomingMessage } from 'node:http'
import {
  type ClientCertificates,
  clientAddressOf,
  headerValues,
} from '../../platform/http/index.ts'
import type { RequestCredentials } from './grants/read.ts'

/**
 * Ports for what stands before the form of every request by which something is asked for as an
 * agent.
 */
export interface PresentingPorts {
  readonly issuer: string
  /**
   * Certificates that clients showed at their TLS connections; absent where no proxy ends those in
   * front of us.
   */
  readonly certificates?: ClientCertificates | undefined
}

/** With what a request came to this path of ours. */
export function presentedAt(
  message: IncomingMessage,
  { certificates, issuer }: PresentingPorts,
  path: string,
): RequestCredentials {
  return {
    proof: headerValues(message, 'dpop'),
    certificate: certificates?.read(message),
    method: 'POST',
    url: `${issuer}${path}`,
    origin: { ip: clientAddressOf(message) },
  }
}
