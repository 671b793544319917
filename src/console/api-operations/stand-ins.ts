import { describe, noun, type SchemaKit } from '../operation-kit/operation.ts'
import { expires, pages } from '../operation-kit/shared-sources.ts'
import { input } from '../operation-kit/source.ts'

export const StandIn = ({ Time, Type }: SchemaKit) => {
  const TextOrNull = Type.Union([Type.String(), Type.Null()])
  return Type.Object({
    id: Type.String(),
    person: Type.String({ description: 'who is away' }),
    person_name: TextOrNull,
    stand_in: Type.String({ description: 'who answers for them' }),
    stand_in_name: TextOrNull,
    starts_at: Time,
    ends_at: Time,
    created_at: Time,
    ended_at: Type.Union([Time, Type.Null()], { description: 'when it was ended before its end' }),
    ended_by: TextOrNull,
  })
}

/** `remit stand-ins …` */
export const STAND_INS = noun({
  name: 'stand-ins',
  says: 'People who answer for others while they are away.',
  operations: {
    list: describe({
      id: 'standins.list',
      route: 'GET /stand-ins',
      who: 'person',
      says: 'Stand-ins that are not over: of the caller, and where the caller stands in; for administrators, all.',
      schemas: (kit) => ({
        query: kit.exactly(kit.PageQuery),
        answer: kit.paginated('stand_ins', StandIn(kit)),
      }),
      command: ({ goOn, moment, table }) => ({
        says: 'Who answers for you, and for whom you do; for administrators, all of them.',
        takes: { query: pages },
        prints: ({ more, stand_ins }) => [
          ...table(
            stand_ins,
            {
              AWAY: ({ person, person_name }) => person_name ?? person,
              'STAND-IN': ({ stand_in, stand_in_name }) => stand_in_name ?? stand_in,
              FROM: ({ starts_at }) => moment(starts_at),
              UNTIL: ({ ends_at }) => moment(ends_at),
              ID: 'id',
            },
            'There are no stand-ins.',
          ),
          ...goOn('remit stand-ins list', more, stand_ins),
        ],
      }),
    }),
    add: describe({
      id: 'standins.add',
      route: 'POST /stand-ins',
      who: 'person',
      widens: true,
      signedAs: 'approvers',
      confirmedInDevelopment: true,
      says: 'Names a person who answers access requests for the caller while the caller is away. Both are told.',
      schemas: (kit) => ({
        body: kit.exactly({
          stand_in: kit.Type.String({
            ...{ minLength: 1, maxLength: 320 },
            description: 'e-mail address or id of a person of the same identity provider',
          }),
          starts_at: kit.Type.Optional(kit.Time),
          ends_at: kit.Time,
        }),
        answer: StandIn(kit),
      }),
      confirms: ({ body }) => `Let ${body.stand_in} answer for you until ${body.ends_at}`,
      command: ({ bold, done, moment }) => ({
        examples: [
          'remit stand-ins add boris@example.com --until 2w',
          'remit stand-ins add boris@example.com --from 2026-12-24T00:00:00Z --until 2027-01-02T00:00:00Z',
        ],
        takes: {
          body: {
            stand_in: input('<person>', 'their e-mail address or id'),
            starts_at: expires(
              '--from <time>',
              'from now (3d), or a time (RFC 3339); else at once',
            ),
            ends_at: expires('--until <time>', 'like --from; 90 days later at most', true),
          },
        },
        said: ({ answer }) =>
          done`${bold(answer.stand_in_name ?? answer.stand_in)} answers for you until ${moment(answer.ends_at)}, and has been told`,
      }),
    }),
    end: describe({
      id: 'standins.end',
      route: 'DELETE /stand-ins/:id',
      who: 'person',
      widens: false,
      says: 'Ends a stand-in, by the person who is away, the stand-in, or an administrator. Both are told. Ending it twice is no error.',
      schemas: (kit) => ({ params: kit.ById, answer: StandIn(kit) }),
      command: ({ bold, done }) => ({
        examples: ['remit stand-ins end sti_…'],
        takes: { params: { id: input('<id>', 'the stand-in') } },
        said: ({ answer: { person, person_name, stand_in, stand_in_name } }) =>
          done`${bold(stand_in_name ?? stand_in)} does not answer for ${person_name ?? person} any more`,
      }),
    }),
  },
})
