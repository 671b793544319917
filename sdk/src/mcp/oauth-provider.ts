/**
 * Store in which a provider keeps what it is given. A browser's storage, a file, a database:
 * whatever survives the redirect.
 */
export interface ProviderStore {
  get(key: StoredKey): string | undefined | Promise<string | undefined>
  set(key: StoredKey, value: string): void | Promise<void>
  delete(key: StoredKey): void | Promise<void>
}
export type StoredKey = 'client' | 'tokens' | 'verifier' | 'state' | 'discovery'

/** Options of a client with nothing but a URL, which say how it introduces itself. */
export interface ProviderOptions {
  /** Address that the browser comes back to with the code. */
  readonly redirectUrl: string
  /** Name that people read on the consent page. */
  readonly clientName: string
  /** Opens the page where the person signs in and agrees. */
  readonly redirect: (url: URL) => void | Promise<void>
  /** Asked for when the server does not say which. */
  readonly scope?: string
  /** `native` for programs on the person's machine. Default: by the redirect address. */
  readonly applicationType?: 'native' | 'web'
  /** Default: in memory, gone with the process. */
  readonly store?: ProviderStore
}

/**
 * Record that the client keeps of itself and its tokens. Structurally what the official SDK means.
 */
interface StoredRecord {
  readonly [member: string]: unknown
}
interface StoredClient extends StoredRecord {
  readonly client_id: string
}
interface StoredTokens extends StoredRecord {
  readonly access_token: string
  readonly token_type: string
}
interface StoredDiscovery extends StoredRecord {
  readonly authorizationServerUrl: string
}

/** Fits `OAuthClientProvider` of the official MCP SDK, without depending on it. */
export interface McpOAuthProvider {
  readonly redirectUrl: string
  readonly clientMetadata: {
    readonly client_name: string
    readonly redirect_uris: string[]
    readonly grant_types: string[]
    readonly response_types: string[]
    readonly token_endpoint_auth_method: string
    readonly application_type: string
    readonly scope?: string
  }
  state(): Promise<string>
  /**
   * Tells whether this is the `state` that the browser was sent away with. Ask before the code is
   * used.
   */
  isState(state: string | null): Promise<boolean>
  clientInformation(): Promise<StoredClient | undefined>
  saveClientInformation(client: { readonly client_id: string }): Promise<void>
  tokens(): Promise<StoredTokens | undefined>
  saveTokens(tokens: { readonly access_token: string; readonly token_type: string }): Promise<void>
  redirectToAuthorization(url: URL): Promise<void>
  saveCodeVerifier(verifier: string): Promise<void>
  codeVerifier(): Promise<string>
  /** Remembers the server that the person was sent to: a code of another one is not taken there. */
  saveDiscoveryState(state: { readonly authorizationServerUrl: string }): Promise<void>
  discoveryState(): Promise<StoredDiscovery | undefined>
  invalidateCredentials(
    scope: 'all' | 'client' | 'tokens' | 'verifier' | 'discovery',
  ): Promise<void>
}

const ALL = ['client', 'tokens', 'verifier', 'state', 'discovery'] as const

/**
 * An OAuth client for MCP transports that have no task of their own: the person signs in and agrees, and a task is opened by the
 * code grant. `new StreamableHTTPClientTransport(url, { authProvider: createOAuthProvider({ … }) })`.
 */
export function createOAuthProvider(options: ProviderOptions): McpOAuthProvider
/**
 * Makes one for a client that proves possession of a key, which only `@modelcontextprotocol/client` can:
 * `createOAuthProvider({ …, dpop: await DpopSession.create() })`. Its tokens are of no use to anyone else. `store` does not keep the key.
 */
export function createOAuthProvider<Session>(
  options: ProviderOptions & { readonly dpop: Session },
): McpOAuthProvider & { dpop(): Session }
export function createOAuthProvider(
  options: ProviderOptions & { readonly dpop?: unknown },
): McpOAuthProvider & { dpop?(): unknown } {
  const { clientName, redirect, redirectUrl, scope, store = memory() } = options
  const read = async <T>(key: StoredKey): Promise<T | undefined> => {
    const text = await store.get(key)
    return text === undefined ? undefined : (JSON.parse(text) as T) // this provider wrote it
  }
  const write = async (key: StoredKey, value: unknown) => store.set(key, JSON.stringify(value))
  return {
    ...(options.dpop === undefined ? {} : { dpop: () => options.dpop }),
    redirectUrl,
    clientMetadata: {
      client_name: clientName,
      redirect_uris: [redirectUrl],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
      application_type: options.applicationType ?? typeOf(redirectUrl),
      ...(scope === undefined ? {} : { scope }),
    },
    async state() {
      const state = crypto.randomUUID()
      await write('state', state)
      return state
    },
    async isState(state) {
      const sent = await read<string>('state')
      await store.delete('state')
      return sent !== undefined && state === sent
    },
    clientInformation: () => read<StoredClient>('client'),
    saveClientInformation: (client) => write('client', client),
    tokens: () => read<StoredTokens>('tokens'),
    async saveTokens(tokens) {
      await write('tokens', tokens)
      // The state belongs to this code. The next sign-in discovers the server again, as it may have moved.
      await store.delete('discovery')
    },
    async redirectToAuthorization(url) {
      await redirect(url)
    },
    saveCodeVerifier: (verifier) => write('verifier', verifier),
    async codeVerifier() {
      const verifier = await read<string>('verifier')
      if (verifier === undefined) throw new Error('no authorization is under way')
      return verifier
    },
    saveDiscoveryState: (state) => write('discovery', state),
    discoveryState: () => read<StoredDiscovery>('discovery'),
    async invalidateCredentials(what) {
      for (const key of what === 'all' ? ALL : [what]) await store.delete(key)
    },
  }
}

/** RFC 8252: programs on the person's machine are called back there, or by a scheme of their own. */
function typeOf(redirectUrl: string): 'native' | 'web' {
  const { hostname, protocol } = new URL(redirectUrl)
  const local = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname)
  return protocol === 'https:' && !local ? 'web' : 'native'
}

function memory(): ProviderStore {
  const kept = new Map<StoredKey, string>()
  return {
    get: (key) => kept.get(key),
    set: (key, value) => void kept.set(key, value),
    delete: (key) => void kept.delete(key),
  }
}
