import { agentIdOf, clientHost, isClientUrl } from '../../../platform/lib/client-url.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import type { Outbound } from '../../../platform/net/index.ts'
import { type AgentParts, findAgent, listKeys } from '../../agents/index.ts'
import type { AdmissionRule } from '../admission/admission-rule.ts'
import { listAdmissionRules } from '../admission/admission-store.ts'
import { isHostNamed, redirectsBelong } from '../admission/match-rule.ts'
import type { ClientDocument, ClientKey } from '../client-document.ts'
import { invalidClientDocument, keysOf } from './credentials.ts'
import { FetchBudget } from './fetch-budget.ts'
import { type FetchedValue, KeptFetches } from './kept-fetches.ts'
import { lifetimeOf } from './lifetime.ts'
import { noticeChange } from './notice-change.ts'
import { plainMember, readClientDocument } from './read-document.ts'

/** Section 9.7 of the draft. */
const MAX_BYTES = 5 * 1024
const MAX_KEYS_BYTES = 16 * 1024
const TIMEOUT_MS = 3_000
/** A key that is not there costs one more fetch in so long at most. */
const PAUSE_MS = 30_000

/** `on`: any address. `listed`: those of agents, and at hosts that an admission rule names. `off`: none. */
export type DocumentPolicy = 'on' | 'listed' | 'off'

export interface DocumentPorts extends AgentParts {
  readonly fetchDocument: Outbound['fetchDocument']
  readonly policy: DocumentPolicy
  /** Time for a whole answer; only tests say it. */
  readonly timeoutMs?: number
  /** Ends the consents of people to an agent, so that they are asked again. Done when it has resolved. */
  readonly endConsents: (agentId: string) => Promise<void>
}

/**
 * Clients by the address of their metadata document (draft-ietf-oauth-client-id-metadata-document), for every way in: fetched,
 * checked, kept within bounds, and compared with the last description of the agent.
 */
export class ClientDocuments {
  readonly #ports: DocumentPorts
  readonly #budget: FetchBudget
  readonly #documents: KeptFetches<ClientDocument>

  constructor(ports: DocumentPorts) {
    this.#ports = ports
    this.#budget = new FetchBudget(ports.clock)
    this.#documents = new KeptFetches(ports.clock, (url) => this.#fetch(url))
  }

  /** True when documents are fetched, as metadata says (section 7). */
  get areFetched(): boolean {
    return this.#ports.policy !== 'off'
  }

  /**
   * Finds the client's description of itself.
   * @throws Problem `client_document.invalid`, `client_document.refused`,
   * `client_document.too_many`, `client_document.unavailable`
   */
  find(clientId: string): Promise<ClientDocument> {
    return this.#find(clientId)
  }

  /**
   * The client as it has to prove itself: by the keys that an administrator registered for its address, where there are any, and then
   * by nothing else. @throws as `find`
   */
  async inForce(clientId: string): Promise<ClientDocument> {
    const document = await this.#find(clientId)
    const keys = await listKeys(this.#ports.storage.read, agentIdOf(clientId))
    return keys.length > 0 ? { ...document, methods: ['private_key_jwt'], keys } : document
  }

  /** The key that a header asks for: by `kid`, or the only one. Fetches again, once in a while, when it is not among those known. */
  async findKey(
    clientId: string,
    { kid }: { kid: string | undefined },
  ): Promise<ClientKey | undefined> {
    const known = pick((await this.#find(clientId)).keys, kid)
    return known ?? pick((await this.#find(clientId, PAUSE_MS)).keys, kid)
  }

  async #find(clientId: string, mostAgeMs?: number): Promise<ClientDocument> {
    if (!isClientUrl(clientId))
      throw invalidClientDocument(
        'a client id that is a URL must be `https` with a path, in canonical form',
      )
    if (this.#ports.policy === 'off') throw refusedDocument()
    const document = await this.#documents.get(clientId, mostAgeMs)
    // Checked each time: an administrator may have said otherwise since it was fetched.
    if (!redirectsBelong(await this.#rules(), document))
      throw invalidClientDocument(
        `its \`redirect_uris\` are neither at ${clientHost(clientId)} nor on this computer`,
      )
    return document
  }

  #rules(): Promise<AdmissionRule[]> {
    return listAdmissionRules(this.#ports.storage.read)
  }

  async #fetch(clientId: string): Promise<FetchedValue<ClientDocument>> {
    const known = await this.#isKnown(clientId)
    if (!known && this.#ports.policy === 'listed') throw refusedDocument()
    const { headers, json } = await this.#get(clientId, known, MAX_BYTES)
    const read = readClientDocument(json, clientId)
    const { jwksUri } = read
    const set = jwksUri === undefined ? undefined : await this.#get(jwksUri, known, MAX_KEYS_BYTES)
    const document = set ? { ...read, keys: keysOf(plainMember(set.json)) } : read
    const lives = [headers, ...(set ? [set.headers] : [])].map(lifetimeOf)
    // INVARIANT: no request goes on with a changed description before consents to the old one have ended.
    await noticeChange(this.#ports, document)
    return { value: document, lifeMs: Math.min(...lives) }
  }

  /**
   * Fetches a document. The cause of a failure is for the log: outside, all failures are one
   * answer, or our network could be felt through it.
   */
  async #get(url: string, known: boolean, maxBytes: number) {
    this.#budget.take(url, known)
    try {
      const { fetchDocument, timeoutMs = TIMEOUT_MS } = this.#ports
      return await fetchDocument(url, { maxBytes, timeoutMs })
    } catch (cause) {
      if (!(cause instanceof Problem)) throw cause
      throw new Problem(
        'client_document.unavailable',
        `there is no readable client metadata document at ${clientHost(url)}`,
        { cause },
      )
    }
  }

  async #isKnown(clientId: string): Promise<boolean> {
    if (await findAgent(this.#ports.storage.read, agentIdOf(clientId))) return true
    return (await this.#rules()).some((rule) => isHostNamed(rule, clientId))
  }
}

function pick(keys: readonly ClientKey[], kid: string | undefined): ClientKey | undefined {
  if (kid !== undefined) return keys.find((key) => key.kid === kid || key.thumbprint === kid)
  return keys.length === 1 ? keys[0] : undefined
}

function refusedDocument(): Problem {
  return new Problem(
    'client_document.refused',
    'clients with a metadata document are not admitted here, or not from that host',
  )
}
