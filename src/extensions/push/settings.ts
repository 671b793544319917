import { optional } from '../../platform/lib/setting.ts'

export const PUSH_SETTINGS = {
  pushContact: optional(
    'REMIT_PUSH_CONTACT',
    'Address at which push services reach you, `mailto:admin@example.com` or an `https:` address; turns on notifications in browsers (web push). Not set: off.',
    readContact,
  ),
} as const

/** RFC 8292 section 2.1. */
function readContact(value: string): string {
  const url = URL.parse(value)
  if (!url || !/^(?:mailto:[^\s@]+@[^\s@]+|https:\/\/\S+)$/.test(value))
    throw new Error('is not `mailto:` and an e-mail address, or an `https:` address')
  return value
}
