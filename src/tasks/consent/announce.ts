import type { Announcement } from '../../identity/notifications/index.ts'
import { findPerson } from '../../identity/people/index.ts'
import { utcMinute } from '../../platform/lib/duration.ts'
import { readConsent } from './consent-store.ts'
import type { ConsentParts } from './parts.ts'

/** Announces a consent request to its person; `undefined` when it waits no more. */
export async function announceConsent(
  { clock, storage }: Pick<ConsentParts, 'clock' | 'storage'>,
  id: string,
): Promise<Announcement | undefined> {
  const request = await readConsent(storage.read, id)
  if (request?.state !== 'pending' || request.expiresAt <= clock.now()) return undefined
  const person = await findPerson(storage.read, request.personId)
  if (person?.status !== 'active') return undefined
  const { agentId, asked, expiresAt, purpose } = request
  return {
    recipients: [person],
    title: 'An agent asks to act for you',
    sentence: `${agentId} asks to act for you`,
    agent: agentId,
    facts: [
      { name: 'Purpose', value: `${purpose} (written by the agent, not verified)`, foreign: true },
      ...(asked?.message
        ? [{ name: 'Message', value: asked.message, foreign: true } as const]
        : []),
      { name: 'Answer by', value: `${utcMinute(expiresAt)}. No answer means no.` },
    ],
    path: `/consent/${id}`,
    expiresAt,
  }
}
