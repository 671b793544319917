import { flag, json, nullable, optionalColumn, sealed, text, textOneOf, time } from './column.ts'

export const catalog = {
  resources: {
    name: text,
    identifier: text,
    title: text,
    /** `gateway` or `direct` */
    mode: text,
    upstream: text,
    /** 1: inside the trust domain, receives the transaction token. */
    trusted: flag,
    connection: optionalColumn(text),
    document_digest: text,
    status: text,
    created_at: time,
    updated_at: time,
    /** `http`, `mcp`, `a2a` or `graphql` */
    protocol: text,
    /** Self-description of an MCP server when it was reviewed. */
    server: optionalColumn(json),
    /** 1: its tools' own mappings of requests to decision points count. */
    mappings_trusted: flag,
    /** Form of its resource tokens: `jwt` or `opaque`. */
    token_form: textOneOf('jwt', 'opaque'),
    /**
     * Names of people in its tokens: `public`, or `pairwise` with another name of a person at each
     * resource.
     */
    subjects: textOneOf('public', 'pairwise'),
    /** `allowed` or `refused`: tokens that nothing is proved of, where an administrator said so. */
    bearer: optionalColumn(textOneOf('allowed', 'refused')),
    /** Further claims of its tokens, and where each comes from. */
    claims: optionalColumn(json),
    /** Parts of the client, besides people, that an MCP server may ask. */
    server_asks: textOneOf('nothing', 'sampling', 'roots', 'both'),
    /** Extent of lists: what a task may call, or what it could ask for, too. */
    shows: textOneOf('callable', 'requestable'),
    /** Names of the MCP servers of a group. */
    members: optionalColumn(json),
    /** Actions of a group's members whose names look alike, and that an administrator let in. */
    alike: optionalColumn(json),
    /** People and groups who own it, as names of rules. */
    owners: optionalColumn(json),
  },
  actions: {
    resource: text,
    name: text,
    method: text,
    path: text,
    /** `read` or `write` */
    access: text,
    risk: text,
    /** 1 until an administrator has set the risk class. */
    risk_proposed: flag,
    sentence: text,
    /** Argument schema, see catalog/arguments. */
    arguments: json,
    untyped: json,
    digest: text,
    /** MCP definition that was reviewed, as clients are shown it. */
    definition: optionalColumn(json),
    /** Pointers to the arguments that say whom a call is about, and how large it is. */
    counterparty: optionalColumn(text),
    size: optionalColumn(text),
    /** Displays of arguments, by pointer. */
    displays: optionalColumn(json),
    /** Action that shows what a call is about, and its arguments. */
    preview: optionalColumn(json),
    /** Description of the action in its document. */
    description: optionalColumn(text),
    /** Names that administrators gave it, the latest first. */
    names: optionalColumn(json),
    /** Time when the definition was accepted, and who accepted it. */
    accepted_at: time,
    accepted_by: text,
  },
  /** A definition that is offered and has not been accepted. */
  offered_definitions: {
    action: text,
    resource: text,
    /** `changed`: the action is quarantined. `added`: it is not in the catalog yet. */
    kind: text,
    /** `waiting` or `rejected` */
    state: text,
    /** The action as it would be. */
    definition: nullable(json),
    /** Reason why it cannot be read. */
    unreadable: nullable(text),
    digest: text,
    /** `import` or `server` */
    source: text,
    offered_at: time,
    offered_by: text,
  },
  /** Schemas of an API's answers as JSON, for all its operations. */
  resource_answers: {
    resource: text,
    shapes: json,
  },
  connections: {
    name: text,
    kind: text,
    header: text,
    sealed,
    created_at: time,
    replaced_at: nullable(time),
    /** NULL: not stated. */
    expires_at: nullable(time),
  },
}
