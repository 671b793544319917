import { type Html, html } from '../frame/html.ts'
import { badge, type Tone } from '../frame/pieces.ts'

export type TaskStateName = 'open' | 'suspended' | 'closed'

const STATE: Readonly<Record<TaskStateName, readonly [string, Tone]>> = {
  open: ['Running', 'good'],
  suspended: ['Suspended', 'warn'],
  closed: ['Ended', 'calm'],
}

export function taskBadge(state: TaskStateName): Html {
  const [text, tone] = STATE[state]
  return badge(text, tone)
}

const REASON: Readonly<Record<string, string>> = {
  agent: 'the agent was done',
  done: 'the agent was done',
  person: 'it was ended by hand',
  administrator: 'an administrator ended it',
  owner: 'the owner of the agent ended it',
  deadline: 'its time was over',
  budget: 'its calls were used up',
  'basis.ended': 'what allowed it was ended',
  'sponsor_grant.ended': 'its sponsor grant was ended',
  'agent.ended': 'the agent was retired',
  'person.ended': 'the person was suspended',
  'person.signed_out': 'the person signed out at their identity provider',
  'parent.closed': 'the task above it ended',
  revoked: 'its token was revoked',
  idle: 'it was not used for some time',
  overtaken: 'something it stands on ended while it was opened',
  'code.replayed': 'its code was used twice',
  'refresh.reused': 'a token of it was used twice',
}

/** Says why a task was closed. Codes that this page does not know are shown as they are. */
export function closeReason(code: string | null): Html {
  if (code === null) return html``
  const known = REASON[code]
  return known === undefined ? html`reason <code>${code}</code>` : html`${known}`
}
