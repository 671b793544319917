import { Type } from 'typebox'
import { ById, Nothing, Person, Time } from '../operations/schemas.ts'
import { endSession, readConfirmation, redeemCliCode } from '../sessions/index.ts'
import { operation } from './operation.ts'
import { personShape, time } from './shapes.ts'

const closed = { additionalProperties: false } as const

/** The session of the command line itself, and what it waits for. */
export const SESSION_OPERATIONS = [
  operation({
    id: 'session.open',
    method: 'POST',
    path: '/session',
    says: 'Turns the one-time code of the sign-in page into a session for the command line (PKCE, RFC 7636).',
    who: 'anyone',
    widens: false,
    body: Type.Object(
      {
        code: Type.String({ maxLength: 128 }),
        verifier: Type.String({ minLength: 43, maxLength: 128 }),
        redirect_uri: Type.String({ maxLength: 512 }),
      },
      closed,
    ),
    answer: Type.Object({ token: Type.String(), expires_at: Time }),
    run: async (parts, { body }) => {
      const { session, token } = await redeemCliCode(parts.people, {
        code: body.code,
        verifier: body.verifier,
        redirectUri: body.redirect_uri,
      })
      return { token: token.reveal(), expires_at: time(session.expiresAt) }
    },
  }),
  operation({
    id: 'session.show',
    method: 'GET',
    path: '/session',
    says: 'Who the caller is.',
    who: 'person',
    widens: false,
    answer: Type.Object({ person: Person, administrator: Type.Boolean(), expires_at: Time }),
    run: async (_, { caller }) => ({
      person: personShape(caller.person),
      administrator: caller.administrator,
      expires_at: time(caller.session.expiresAt),
    }),
  }),
  operation({
    id: 'session.end',
    method: 'DELETE',
    path: '/session',
    says: 'Signs out.',
    who: 'person',
    widens: false,
    answer: Nothing,
    run: async (parts, { caller }) => {
      await endSession(parts.people, caller.token.reveal())
      return {}
    },
  }),
  operation({
    id: 'confirmations.show',
    method: 'GET',
    path: '/confirmations/:id',
    says: 'Whether the caller has confirmed on the page.',
    who: 'person',
    widens: false,
    params: ById,
    answer: Type.Object({ id: Type.String(), state: Type.String() }),
    run: async (parts, { caller, params }) => {
      const { id, state } = await readConfirmation(parts.people, params.id, caller.person.id)
      return { id, state }
    },
  }),
]
