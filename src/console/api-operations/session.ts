import { describe, noun } from '../operation-kit/operation.ts'

/** Session of the command line itself, and what it waits for. */
export const SESSION = noun({
  name: 'session',
  says: 'Who is signed in here.',
  operations: {
    open: describe({
      route: 'POST /session',
      who: 'anyone',
      widens: false,
      says: 'Turns the one-time code of the sign-in page into a session for the command line (PKCE, RFC 7636).',
      schemas: ({ exactly, Time, Type }) => ({
        body: exactly({
          code: Type.String({ maxLength: 128 }),
          verifier: Type.String({ minLength: 43, maxLength: 128 }),
          redirect_uri: Type.String({ maxLength: 512 }),
        }),
        answer: Type.Object({ token: Type.String(), expires_at: Time }),
      }),
    }),
    show: describe({
      route: 'GET /session',
      who: 'person',
      says: 'Who the caller is.',
      schemas: ({ Person, Time, Type }) => ({
        answer: Type.Object({
          person: Person,
          administrator: Type.Boolean(),
          confirms: Type.Boolean({
            description: 'acts that widen access, or cannot be taken back, are confirmed on a page',
          }),
          expires_at: Time,
        }),
      }),
      command: ({ bold, facts, moment, text }) => ({
        says: 'Who you are here, and your groups.',
        examples: ['remit whoami'],
        json: ({ answer, url }) => ({ url, ...answer }),
        prints: ({ administrator, expires_at, person }, { url }) => [
          text`${bold(person.name)}${administrator ? ' · administrator' : ''}`,
          ...facts([
            ['server', url],
            ['id', person.id],
            ['email', person.email ?? undefined],
            ['groups', person.groups.join(', ') || 'none'],
            ['known from', text`${person.issuer} as ${person.subject}`],
            ['session', text`until ${moment(expires_at)}`],
          ]),
        ],
      }),
    }),
    end: describe({
      route: 'DELETE /session',
      who: 'person',
      widens: false,
      says: 'Signs out.',
      schemas: ({ Nothing }) => ({ answer: Nothing }),
    }),
    confirmation: describe({
      id: 'confirmations.show',
      route: 'GET /confirmations/:id',
      who: 'person',
      says: 'Whether the caller has confirmed on the page.',
      schemas: ({ ById, Type }) => ({
        params: ById,
        answer: Type.Object({ id: Type.String(), state: Type.String() }),
      }),
    }),
  },
})
