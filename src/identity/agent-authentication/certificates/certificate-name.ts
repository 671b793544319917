import { certificateAddress } from '../../../platform/keys/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'

/** RFC 8705 section 2.1.2, as the metadata of clients has them after `tls_client_auth_`. */
const CERTIFICATE_NAMES = ['subject_dn', 'san_dns', 'san_uri', 'san_ip', 'san_email'] as const

/** Name that certificates of an authority give an agent. Belongs to one agent. */
export interface CertificateName {
  readonly kind: (typeof CERTIFICATE_NAMES)[number]
  readonly value: string
}

const MAX_LENGTH = 1024

/**
 * A name in the form in which it is compared: as text, byte by byte.
 * @throws Problem `agent.bad_certificate_name`
 */
export function readCertificateName({ kind, value }: CertificateName): CertificateName {
  const read = value.length > MAX_LENGTH ? undefined : READ[kind](value)
  if (read === undefined)
    throw new Problem(
      'agent.bad_certificate_name',
      `this is not a valid \`${kind}\` of a certificate`,
    )
  return { kind, value: read }
}

const READ: Readonly<Record<CertificateName['kind'], (text: string) => string | undefined>> = {
  // RFC 4514, the most specific part first.
  subject_dn: (text) => (/^[A-Z]+=[^=].*$/s.test(text) ? text : undefined),
  // No wildcards: a name is whose it is.
  san_dns: (text) =>
    /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/i.test(text) ? text.toLowerCase() : undefined,
  san_uri: (text) => (URL.canParse(text) && /^[!-~]+$/.test(text) ? text : undefined),
  san_ip: certificateAddress,
  san_email: (text) => (/^[!-?A-~]+@[!-?A-~]+$/.test(text) ? text : undefined),
}
