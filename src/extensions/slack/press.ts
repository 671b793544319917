import type { Json } from '../../platform/lib/json.ts'
import { BUTTONS, type ButtonPress, REASON } from './button.ts'

/** Press of a button that answers. */
export interface SlackPress extends ButtonPress {
  readonly channel: string
  readonly reason?: string | undefined
  /** True when Slack delivers it again. */
  readonly repeated: boolean
}

/**
 * Reads a press of one of our buttons from an interaction of Slack (`block_actions`). `undefined`: anything else, such as the
 * button that opens the page, and what other parts of the app do.
 */
export function readPress(payload: Json, repeated: boolean): SlackPress | undefined {
  const actions = pressMember(payload, 'actions')
  const [action = null, ...more] = Array.isArray(actions) ? actions : []
  if (more.length > 0 || pressMember(payload, 'type') !== 'block_actions') return undefined
  const pressed = pressMember(action, 'action_id')
  const answer =
    pressed === BUTTONS.approve ? 'approve' : pressed === BUTTONS.deny ? 'deny' : undefined
  const [channel, time] = [textAt(payload, 'container', 'channel_id'), messageTime(payload)]
  if (!answer || channel === '' || time === '') return undefined
  return {
    ...{ answer, channel, repeated, member: textAt(payload, 'user', 'id'), team: teamOf(payload) },
    receipt: `${channel} ${time}`,
    value: textAt(action, 'value'),
    reason: textAt(payload, 'state', 'values', REASON, REASON, 'value') || undefined,
  }
}

function messageTime(payload: Json): string {
  return textAt(payload, 'container', 'type') === 'message'
    ? textAt(payload, 'container', 'message_ts')
    : ''
}

/** INVARIANT: the workspace of the message and of the member are one: a guest of another is not known here. */
function teamOf(payload: Json): string {
  const [team, own] = [
    textAt(payload, 'team', 'id'),
    pressMember(pressMember(payload, 'user'), 'team_id'),
  ]
  return own === undefined || own === team ? team : ''
}

function textAt(value: Json, ...names: readonly string[]): string {
  const found = names.reduce<Json | undefined>((inner, name) => pressMember(inner, name), value)
  return typeof found === 'string' ? found : ''
}

function pressMember(value: Json | undefined, name: string): Json | undefined {
  return value instanceof Map ? value.get(name) : undefined
}
