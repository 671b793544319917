import { describe } from '../../operation-kit/operation.ts'
import { input, type ReaderContext } from '../../operation-kit/source.ts'
import { Owners, ResourceProfile } from './schemas.ts'

/** Reads owners as they are typed: `group:orders`, or a person by id, e-mail address or name. */
export function readOwners(
  who: string | readonly string[],
  personOf: ReaderContext['person'],
): Promise<string[]> {
  const typed = [who].flat().filter(Boolean)
  return Promise.all(
    typed.map(async (each) =>
      each.startsWith('group:') ? each : `person:${await personOf(each.replace(/^person:/, ''))}`,
    ),
  )
}

/** `remit resources owners`: whom rules mean by `owner`. */
export const OWNERS = describe({
  id: 'resources.set_owners',
  route: 'PUT /resources/:name/owners',
  widens: true,
  says: 'Sets the owners of an API: the people and groups that rules mean by `owner`. Without any, the API has no owner.',
  schemas: (kit) => ({
    params: kit.ByName,
    body: kit.exactly({ owners: Owners(kit) }),
    answer: ResourceProfile(kit),
  }),
  confirms: ({ params }) =>
    `Set who owns ${params.name}, and may approve where a rule asks its owner`,
  command: ({ bold, done }) => ({
    examples: [
      'remit resources owners billing --owners group:billing olga@example.com',
      'remit resources owners billing',
    ],
    takes: {
      params: { name: input('<name>', 'the API') },
      body: {
        owners: input('--owners <who...>', '`group:NAME`, or a person by id, e-mail or name', {
          fallback: '',
          read: (who: string | readonly string[], reading: ReaderContext) =>
            readOwners(who, reading.person),
        }),
      },
    },
    said: ({ answer, params }) =>
      done`${bold(params.name)} is owned by ${answer.owner_names.join(', ') || 'no one'}`,
  }),
})
