import type { Certificate } from 'pkijs'
import { Problem } from '../../lib/problem.ts'

/**
 * Parses an extension; `undefined` where it is absent. @throws Problem `certificate.not_trusted`
 * where it cannot be read
 */
export function parsedExtension({ extensions = [] }: Certificate, id: string): object | undefined {
  const [found, another] = extensions.filter(({ extnID }) => extnID === id)
  // RFC 5280 section 4.2. A reader of the first must not be told another thing than a reader of the last.
  if (another) throw untrustedCertificate(`its extension ${id} is there twice`)
  if (!found) return undefined
  if (!found.parsedValue) throw untrustedCertificate(`its extension ${id} cannot be read`)
  return found.parsedValue
}

export function untrustedCertificate(why: string, cause?: unknown): Problem {
  return new Problem('certificate.not_trusted', `the client certificate: ${why}`, { cause })
}
