import { describe, noun, type SchemaKit } from '../operation-kit/operation.ts'
import {
  closeTasks,
  openTasksLine,
  pages,
  person,
  reason,
} from '../operation-kit/shared-sources.ts'
import { input } from '../operation-kit/source.ts'

export const KnownPerson = ({ Person, Type }: SchemaKit) =>
  Type.Object({
    ...Person.properties,
    attributes: Type.Record(
      Type.String(),
      Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Array(Type.String())]),
    ),
    last_seen_at: Type.String(),
    confirmed_at: Type.String({ description: 'when all of this was last said by the provider' }),
  })

/** `remit people …` */
export const PEOPLE = noun({
  name: 'people',
  says: 'People who have signed in.',
  operations: {
    list: describe({
      route: 'GET /people',
      says: 'People who have signed in, by name.',
      schemas: ({ exactly, PageQuery, paginated, Person, Type }) => ({
        query: exactly({
          ...PageQuery,
          called: Type.Optional(
            Type.String({
              maxLength: 320,
              description: 'only those whose e-mail address, subject or name is exactly this',
            }),
          ),
        }),
        answer: paginated('people', Person),
      }),
      command: ({ bold, dim, goOn, status, table }) => ({
        examples: ['remit people list', 'remit people list --after psn_…'],
        takes: { query: pages },
        prints: ({ more, people }) => [
          ...table(people, {
            NAME: ({ name }) => bold(name),
            STATUS: (one) => status(one.status),
            EMAIL: ({ email }) => email ?? dim('–'),
            GROUPS: ({ groups }) => groups.join(', ') || dim('none'),
            ID: 'id',
          }),
          ...(people.some((one) => one.status === 'ended')
            ? [dim('ended: name and address are erased in the background, last; a hold keeps them')]
            : []),
          ...goOn('remit people list', more, people),
        ],
      }),
    }),
    show: describe({
      route: 'GET /people/:id',
      says: 'One person, and what their identity provider says of them.',
      schemas: (kit) => ({ params: kit.ById, answer: KnownPerson(kit) }),
      command: ({ bold, facts, moment, status, text }) => ({
        examples: ['remit people show sam@example.com'],
        takes: { params: { id: person('<person>') } },
        prints: (one) => [
          text`${bold(one.name)} · ${status(one.status)}`,
          ...facts([
            ['id', one.id],
            ['email', one.email],
            ['groups', one.groups.join(', ') || 'none'],
            ...Object.entries(one.attributes).map(
              ([name, value]) => [name, String(value)] as const,
            ),
            ['known from', text`${one.issuer} as ${one.subject}`],
            ['confirmed', moment(one.confirmed_at)],
          ]),
        ],
      }),
    }),
    suspend: describe({
      route: 'POST /people/:id/suspend',
      widens: false,
      says: 'Stops everything that is done for a person, and signs them out. Their tasks stay open, unless they are closed with it.',
      schemas: ({ ById, OpenTasks, Suspending }) => ({
        params: ById,
        body: Suspending,
        answer: OpenTasks,
      }),
      command: (terminal) => ({
        examples: ['remit people suspend sam@example.com'],
        takes: {
          params: { id: person('<person>') },
          body: { reason, close_tasks: closeTasks },
        },
        said: ({ answer: { open_tasks }, typed }) => [
          terminal.done`${terminal.bold(typed('<person>'))} is suspended`,
          ...openTasksLine(open_tasks, 'suspended', '', terminal),
        ],
        json: ({ params }) => ({ person: params.id, act: 'suspend' }),
      }),
    }),
    resume: describe({
      route: 'POST /people/:id/resume',
      widens: true,
      signedAs: 'approvers',
      says: 'Lets the tasks for a suspended person continue, with the keys that they have.',
      schemas: ({ ById, OpenTasks, Reason }) => ({ params: ById, body: Reason, answer: OpenTasks }),
      confirms: () => 'Let a suspended person continue',
      command: (terminal) => ({
        examples: ['remit people resume sam@example.com'],
        takes: { params: { id: person('<person>') }, body: { reason } },
        said: ({ answer: { open_tasks }, typed }) => [
          terminal.done`${terminal.bold(typed('<person>'))} is active again`,
          ...openTasksLine(open_tasks, 'resumed', 'remit tasks list', terminal),
        ],
        json: ({ params }) => ({ person: params.id, act: 'resume' }),
      }),
    }),
    'permit-return': describe({
      id: 'people.permit_return',
      route: 'POST /people/:id/return',
      widens: true,
      says: 'Lets a person whose account was erased sign in again, as a new person with nothing of the old account.',
      schemas: ({ ById, Nothing, Type }) => ({
        params: ById,
        body: Type.Object({}, { additionalProperties: false }),
        answer: Nothing,
      }),
      confirms: () => 'Let a person whose account was erased come back as a new person',
      command: ({ bold, done }) => ({
        examples: ['remit people permit-return psn_…'],
        takes: { params: { id: input('<id>', 'of the erased account') } },
        said: ({ params }) =>
          done`the person who was ${bold(params.id)} can come back, as a new person`,
        json: ({ params }) => ({ person: params.id, act: 'permit-return' }),
      }),
    }),
    'permit-passkey': describe({
      id: 'people.permit_passkey',
      route: 'POST /people/:id/passkey-recovery',
      widens: true,
      signedAs: 'approvers',
      says: 'Lets a person who lost their passkeys enrol a new first one, after a waiting time.',
      schemas: ({ ById, Time, Type }) => ({
        params: ById,
        body: Type.Object({}, { additionalProperties: false }),
        answer: Type.Object({ usable_from: Time, expires_at: Time }),
      }),
      confirms: () => 'Let a person enrol a new first passkey',
      command: ({ bold, done, moment }) => ({
        examples: ['remit people permit-passkey sam@example.com'],
        takes: { params: { id: person('<person>') } },
        said: ({ answer, typed }) =>
          done`${bold(typed('<person>'))} can enrol a new passkey from ${moment(answer.usable_from)} on, and has been told`,
        json: ({ answer, params }) => ({ person: params.id, ...answer }),
      }),
    }),
  },
})
