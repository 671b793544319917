import { isId } from '../../platform/lib/id.ts'
import { dim, text, type Value } from '../../platform/lib/terminal/text.ts'
import { CommandFailure } from './failure.ts'
import type { Api } from './server/api.ts'

/**
 * A person by id, e-mail, subject or name. Several that fit are none: access must not go to the first of them.
 * Anything but an id needs an administrator.
 */
export async function lookUpPerson(api: Api, wanted: string): Promise<{ readonly id: string }> {
  if (isId('person', wanted)) return { id: wanted }
  const { people } = await api.call('GET', '/people', { query: { called: wanted } })
  for (const part of ['email', 'subject', 'name'] as const) {
    const found = people.filter((person) => person[part] === wanted)
    const [only] = found
    if (only && found.length === 1) return only
    if (only) {
      throw new CommandFailure(`Several people are \`${wanted}\``, {
        detail: found.map(({ id, issuer }) => `${id} (${issuer})`).join(', '),
        next: ['name one by id'],
      })
    }
  }
  throw new CommandFailure(`No person is known as \`${wanted}\``, {
    code: 'person.unknown',
    detail: 'neither an e-mail address, nor a subject, nor a name of someone who has signed in',
    next: ['remit people list'],
  })
}

/** Id of an agent by its id, or by the address that it is known by as a client. */
export async function lookUpAgent(api: Api, wanted: string): Promise<string> {
  if (!wanted.startsWith('https://')) return wanted
  const { agents } = await api.call('GET', '/agents', { query: { client: wanted } })
  const [found] = agents
  if (found) return found.id
  throw new CommandFailure(`There is no agent whose client id is \`${wanted}\``, {
    next: ['remit agents list'],
  })
}

/** Shows who it is, and the id that commands take. */
export function nameWithId(name: string | null | undefined, id: string): Value {
  return name ? text`${name}  ${dim(id)}` : id
}
