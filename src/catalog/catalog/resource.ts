import { type ArgumentSchema, RISKS, type Risk, type UntypedPart } from '@remit/engine'

/** Further claim of the tokens of a resource, and what it says: a fact by its name, or an expression in CEL over facts. */
export type MappedClaim = { readonly claim: string; readonly from: string }

/** A protected API: the noun of the catalog. */
export type Resource = {
  /**
   * Cedar id of the resource, and the first part of its actions' names. Never given to another API,
   * not even after removal.
   */
  readonly name: string
  /**
   * Identifier that tokens name as audience: behind the gateway its public URL there, byte-exact,
   * no trailing slash.
   */
  readonly identifier: string
  readonly title: string
  readonly mode: 'gateway' | 'direct'
  /** Address of the API itself: origin and base path, no trailing slash. */
  readonly upstream: string
  /** Inside the trust domain: receives the transaction token. */
  readonly trusted: boolean
  /** Name of the connection whose credential is put in. */
  readonly connection: string | undefined
  readonly documentDigest: string
  readonly protocol: 'http' | 'mcp' | 'a2a' | 'graphql'
  /** Server that was reviewed, where the resource is an MCP server or an A2A agent. */
  readonly server: PinnedServer | undefined
  /**
   * Trust in its mappings: what its tools say about requests to decision points of others counts,
   * because an administrator said so.
   */
  readonly mappingsTrusted?: true
  /** Form of its resource tokens: opaque handles; left out, they are JWTs. */
  readonly tokenForm?: 'opaque'
  /** Each person has a name there that they have nowhere else; left out, it is the one they have everywhere. */
  readonly subjects?: 'pairwise'
  /** Tokens that nothing is proved of are taken there, or are not, because an administrator said so; left out: as its protocol has it. */
  readonly bearer?: 'allowed' | 'refused'
  /** Further claims of its tokens; left out: none. */
  readonly claims?: readonly MappedClaim[]
  /** Parts of the client that the MCP server may ask, besides people: its model, its folders; left out: none. */
  readonly serverAsks?: 'sampling' | 'roots' | 'both'
  /** Lists also show what a task could ask for; left out: what it may call only. */
  readonly shows?: 'requestable'
  /** Names of the MCP servers that are offered under this one address; left out: it is a server itself. */
  readonly members?: readonly string[]
  /** Actions of members whose names look alike, and that an administrator let in. */
  readonly alike?: readonly string[]
  /** Owners, as rules name them: `group:orders`, `person:psn_…`; left out: none. */
  readonly owners?: readonly string[]
  readonly status: 'active' | 'suspended' | 'removed'
  readonly createdAt: number
  readonly updatedAt: number
}

/** A resource as an import describes it. */
export type PlannedResource = {
  readonly name: string
  readonly identifier: string
  readonly title: string
  readonly mode: 'gateway' | 'direct'
  readonly upstream: string
  readonly trusted: boolean
  readonly connection: string | undefined
  readonly documentDigest: string
  readonly protocol: Resource['protocol']
  readonly server: Resource['server']
  readonly members?: readonly string[]
}

/**
 * Facts that an MCP server or an A2A agent gave about itself when it was reviewed. Clients are told these, not what
 * it says by now.
 */
export type PinnedServer = {
  readonly name: string
  readonly version: string
  readonly title?: string
  readonly instructions?: string
  /** Capabilities of an MCP server besides its lists, in either generation; left out: it was not asked. */
  readonly offers?: readonly ServerCapability[]
  /** Address below which the card of an agent was read. */
  readonly card?: string
  /** Protected headers (RFC 7515) of the signatures of an agent's card, which are not checked. */
  readonly signers?: readonly string[]
}

/** Capability of an MCP server that clients are told of only where the server has it. */
export type ServerCapability = 'completions' | 'logging' | 'resources/subscribe'

/** Checks whether a server has a capability. One that was reviewed before servers were asked may have each. */
export function hasCapability(
  server: PinnedServer | undefined,
  capability: ServerCapability,
): boolean {
  return server?.offers?.includes(capability) ?? true
}

/**
 * The definition behind an action of an MCP server, as it was reviewed: one tool, one prompt, or the reading of resources (`definition`
 * is then the lists of resources and templates). Of an A2A agent: one skill, or one operation of the
 * protocol. Of a GraphQL API: one root field, or introspection with the whole schema. Clients are shown this, whatever the server lists by now.
 */
export type PinnedDefinition = {
  readonly kind: 'tool' | 'prompt' | 'resource' | 'skill' | 'operation'
  /** Name on the server; of `resource`: `resources/read`. */
  readonly name: string
  /** JSON object, RFC 8785 text. */
  readonly json: string
}

/** Action that shows approvers what a call is about. */
export type Preview = {
  /** Name of an action of the same resource that only reads. */
  readonly action: string
  /** JSON Pointers into the arguments of the call, by the names of the arguments that it takes. */
  readonly arguments: Readonly<Record<string, string>>
  /** `result`: its answer is what the call would lead to, as of a dry run; left out: the present state. */
  readonly shows?: 'result'
}

/** One operation of a resource. */
export type Action = {
  readonly resource: string
  /** `<resource>.<operation>`, unique over the catalog. */
  readonly name: string
  /**
   * Method of the operation; for an MCP server: `tools/call`, `prompts/get` or `resources/read`; for
   * an A2A agent: `a2a/skill` or `a2a/operation`; for a GraphQL API: `graphql/query`,
   * `graphql/mutation` or `graphql/introspection`.
   */
  readonly method: string
  /** Template: `/orders/{order_id}/refunds`. Parameters are whole segments. Of an MCP server: the name of tool or prompt; of an A2A agent: the id of the skill or the name of the operation; of a GraphQL API: `query.order`. */
  readonly path: string
  readonly definition: PinnedDefinition | undefined
  readonly access: 'read' | 'write'
  readonly risk: Risk
  /**
   * True while the risk class is not confirmed: it follows from the method or the document.
   */
  readonly riskProposed: boolean
  /** Template of the sentence that people read before they approve. */
  readonly sentence: string
  readonly arguments: ArgumentSchema
  readonly untyped: readonly UntypedPart[]
  /** Pointer to the argument that names whom a call is about, and to the one that says how large it is: for risk signals. */
  readonly counterparty?: string | undefined
  readonly size?: string | undefined
  /** Displays of arguments, by JSON Pointer (`readDisplay`). Nothing that is sent or hashed as the call depends on it. */
  readonly displays?: Readonly<Record<string, string>> | undefined
  /** Action that approvers can look at. Neither the sent nor the hashed call depends on it. */
  readonly preview?: Preview | undefined
  /**
   * Digest of everything that says what this action is and how its arguments are read; see
   * `definition.ts`.
   */
  readonly digest: string
  /** Description of it in words, from an OpenAPI document. */
  readonly description?: string
  /**
   * Names that administrators gave it, the latest first; left out: none. People see the latest, and each of them means this action
   * where it is read. Rows, signatures and decisions have `name`, which never changes.
   */
  readonly names?: readonly string[]
  /**
   * Acceptance of an action in the catalog: since when, and by whose word, this definition is the
   * one that counts.
   */
  readonly accepted?: Acceptance
  /**
   * Present when another definition is offered by now, and is not accepted: no call is
   * permitted, and no client is shown it.
   */
  readonly quarantined?: true
}

export type Acceptance = {
  readonly at: number
  /** A person, or `operator`. */
  readonly by: string
}

export function isRisk(value: unknown): value is Risk {
  return RISKS.some((risk) => risk === value)
}

/**
 * INVARIANT: what an MCP server says about its own tools never loosens a gate. Until an administrator has set the class, gates, groups
 * and agents' ceilings count a tool as MCP counts one without annotations: it changes something and is dangerous.
 */
export function countedRisk(action: RiskFields): Risk {
  const { risk } = action
  return isHint(action) && (risk === 'low' || risk === 'medium') ? 'high' : risk
}

/**
 * Answers the access that counts, as `countedRisk` does for risk: reading is what an administrator
 * has confirmed, or what the protocol itself says.
 */
export function countedAccess(action: RiskFields): Action['access'] {
  return isHint(action) ? 'write' : action.access
}

type RiskFields = Pick<Action, 'risk' | 'access'> &
  Partial<Pick<Action, 'riskProposed' | 'definition'>>

function isHint({ definition, riskProposed }: RiskFields): boolean {
  return riskProposed === true && definition?.kind === 'tool'
}

/** Checks for another host, or another port of it: settings of a resource were made for the one before. */
export function movesTo(known: Pick<Resource, 'upstream'>, upstream: string | undefined): boolean {
  return upstream !== undefined && originOf(upstream) !== originOf(known.upstream)
}

/** An address that is none has no origin, and planning refuses it. */
function originOf(address: string): string | undefined {
  return URL.parse(address)?.origin
}
