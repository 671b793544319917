import { canonicalJson } from '../../../platform/lib/canonical-json.ts'
import { parseJson } from '../../../platform/lib/json.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import type { Outbound } from '../../../platform/net/index.ts'
import type { Storage } from '../../../platform/storage/index.ts'
import { type TestPeople, testPeople } from '../../people/testing.ts'
import { ClientDocuments, type DocumentPolicy } from './client-documents.ts'

export const NOTES = 'https://app.example/notes.json'

/** An honest document, changed where a test says so. */
export function documentAt(url: string, over: Record<string, unknown> = {}) {
  const origin = new URL(url).origin
  return {
    client_id: url,
    client_name: 'Notes',
    redirect_uris: [`${origin}/callback`],
    ...over,
  }
}

/**
 * Servers of other people: the document at an address, how long it may be kept, and how often it
 * was asked for.
 */
export class ForeignServers {
  readonly asked: string[] = []
  readonly #at = new Map<string, { body: unknown; headers: Record<string, string> }>()
  /** Runs before each answer. */
  before: (url: string) => Promise<void> = async () => {}

  put(url: string, body: unknown, headers: Record<string, string> = {}): void {
    this.#at.set(url, { body, headers })
  }

  gone(url: string): void {
    this.#at.delete(url)
  }

  count(url: string): number {
    return this.asked.filter((one) => one === url).length
  }

  readonly fetchDocument: Outbound['fetchDocument'] = async (url) => {
    this.asked.push(url)
    await this.before(url)
    const found = this.#at.get(url)
    if (!found) throw new Problem('outbound.unreachable', `${url} is not there`)
    const json = parseJson(canonicalJson(found.body as never)) // as: written as JSON by a test
    return { json, headers: new Headers(found.headers) }
  }
}

export interface DocumentWorld {
  readonly parts: TestPeople
  readonly elsewhere: ForeignServers
  readonly documents: ClientDocuments
  /** Ids of the agents whose consents were ended. */
  readonly ended: string[]
}

/** Documents of others over an open store. */
export async function documented(
  storage: Storage,
  policy: DocumentPolicy = 'on',
): Promise<DocumentWorld> {
  return documentedOver(await testPeople(storage), policy)
}

/** Documents as another replica would have them. */
export function documentedOver(parts: TestPeople, policy: DocumentPolicy = 'on'): DocumentWorld {
  const elsewhere = new ForeignServers()
  const ended: string[] = []
  const documents = new ClientDocuments({
    ...parts,
    fetchDocument: elsewhere.fetchDocument,
    policy,
    endConsents: async (agentId) => void ended.push(agentId),
  })
  return { parts, elsewhere, documents, ended }
}
