import { approvalAnnouncers } from '../../approvals/approvals/index.ts'
import type { Announcers } from '../../identity/notifications/index.ts'
import { announcePasskey } from '../../identity/passkeys/index.ts'
import { standInAnnouncers } from '../../identity/stand-ins/index.ts'
import { announceConsent } from '../../tasks/consent/index.ts'
import { announceNotices } from './notices/notify.ts'
import type { CallParts } from './parts.ts'

/**
 * Announcers of every kind of event. They are here since calls know all rooms whose business it is.
 */
export function announcersOf(parts: Pick<CallParts, 'clock' | 'ledger' | 'storage'>): Announcers {
  return {
    ...approvalAnnouncers(parts),
    ...standInAnnouncers(parts),
    consent: (id) => announceConsent(parts, id),
    notice: (decisionId) => announceNotices(parts, decisionId),
    passkey: (id) => announcePasskey(parts, id),
  }
}
