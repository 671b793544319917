import { endSession, readConfirmation, redeemCliCode } from '../../identity/sessions/index.ts'
import { SESSION } from '../api-operations/session.ts'
import { fromJson } from './json.ts'
import { acts } from './operation.ts'
import { personShape, time } from './shapes.ts'

export const SESSION_OPERATIONS = acts(SESSION, {
  open: async (parts, { body }) => {
    const { session, token } = await redeemCliCode(parts.people, fromJson(body))
    return { token: token.reveal(), expires_at: time(session.expiresAt) }
  },
  show: async ({ development }, { caller }) => ({
    person: personShape(caller.person),
    administrator: caller.administrator,
    confirms: !development,
    expires_at: time(caller.session.expiresAt),
  }),
  end: async (parts, { caller }) => {
    await endSession(parts.people, caller.token.reveal())
    return {}
  },
  confirmation: async (parts, { caller, params }) => {
    const { id, state } = await readConfirmation(parts.people, params.id, caller.person.id)
    return { id, state }
  },
})
