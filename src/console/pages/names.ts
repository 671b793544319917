import { findAgent } from '../../identity/agents/index.ts'
import { findPerson } from '../../identity/people/index.ts'
import type { PageParts } from './parts.ts'

/** Names for ids, looked up once per page. A deleted subject keeps its id. */
export class Names {
  readonly #read: PageParts['people']['storage']['read']
  readonly #people = new Map<string, Promise<string>>()
  readonly #agents = new Map<string, Promise<string>>()

  constructor(parts: Pick<PageParts, 'people'>) {
    this.#read = parts.people.storage.read
  }

  person(id: string): Promise<string> {
    return kept(this.#people, id, async () => {
      const person = await findPerson(this.#read, id)
      return person?.name ?? id
    })
  }

  agent(id: string): Promise<string> {
    return kept(this.#agents, id, async () => {
      const agent = await findAgent(this.#read, id)
      return agent?.name ?? id
    })
  }
}

function kept(
  map: Map<string, Promise<string>>,
  id: string,
  find: () => Promise<string>,
): Promise<string> {
  const known = map.get(id) ?? find()
  map.set(id, known)
  return known
}
