import { DpopSession } from '@modelcontextprotocol/client'
import { createOAuthProvider, type McpOAuthProvider, type StoredKey } from 'remit-sdk/mcp'

/** Provider of the SDK, and what came back from the page to which it sent its person. */
export interface SignIn {
  readonly provider: McpOAuthProvider & { clientMetadataUrl?: string }
  /** Returns the answer of the page since it was last asked. */
  readonly arrived: () => URLSearchParams | undefined
}

const REDIRECT = 'http://localhost:3000/callback'
/** Document of the client, as the suite knows it. */
const DOCUMENT = 'https://conformance-test.local/client-metadata.json'

/** Signs in as a scenario wants it. Servers of the suite send the browser back at once. */
export async function signInOf(
  scenario: string,
  told: { readonly client_id?: string; readonly client_secret?: string },
): Promise<SignIn> {
  let back: URLSearchParams | undefined
  const stored = new Map<StoredKey, string>()
  const { client_id, client_secret } = told
  if (client_id) stored.set('client', JSON.stringify({ client_id, client_secret }))
  const options = {
    clientName: 'Suite',
    redirectUrl: REDIRECT,
    redirect: async (url: URL) => {
      const { headers } = await fetch(url, { redirect: 'manual' })
      back = new URL(headers.get('location') ?? REDIRECT).searchParams
    },
    store: {
      get: (key: StoredKey) => stored.get(key),
      set: (key: StoredKey, value: string) => void stored.set(key, value),
      delete: (key: StoredKey) => void stored.delete(key),
    },
  }
  const provider = scenario.startsWith('auth/dpop')
    ? createOAuthProvider({ ...options, dpop: await DpopSession.create() })
    : createOAuthProvider(options)
  return {
    provider: Object.assign(provider, { clientMetadataUrl: DOCUMENT }),
    arrived() {
      const came = back
      back = undefined
      return came
    },
  }
}
