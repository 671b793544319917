// A program: plain `oidc-provider` with one confidential client and the client credentials grant, listening on the port it is given; `memory` or a
// file of SQLite is where it keeps what it issued. Access tokens are opaque, or for the one API JWTs by ES256, bound by DPoP.
import { generateKeyPairSync } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import { type Adapter, type AdapterPayload, Provider } from 'oidc-provider'

export const CLIENT = { id: 'agent', secret: 'the-secret-of-the-benchmark-is-known' } as const
export const API = 'https://orders.example'

if (import.meta.main) serve()

function serve(): void {
  const [port = '', kept = 'memory'] = process.argv.slice(2)
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const provider = new Provider(`http://127.0.0.1:${port}`, {
    ...(kept === 'memory' ? {} : { adapter: sqliteAdapter(kept) }),
    clients: [
      {
        ...{ client_id: CLIENT.id, client_secret: CLIENT.secret, redirect_uris: [] },
        ...{ grant_types: ['client_credentials'], response_types: [] },
        id_token_signed_response_alg: 'ES256',
      },
    ],
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig' }] },
    enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
    scopes: ['orders.read'],
    ttl: { ClientCredentials: 300 },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      dPoP: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => ({
          ...{ scope: 'orders.read', audience: API, accessTokenFormat: 'jwt', accessTokenTTL: 300 },
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
  })
  provider.listen(Number(port), '127.0.0.1', () => process.stderr.write('ready\n'))
  process.on('SIGTERM', () => process.exit())
}

/** The least that is as durable as ours: each change is on disk before it is answered. */
function sqliteAdapter(file: string): (model: string) => Adapter {
  const db = new DatabaseSync(file)
  db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
    CREATE TABLE IF NOT EXISTS payloads (id TEXT NOT NULL PRIMARY KEY, payload TEXT NOT NULL) STRICT, WITHOUT ROWID`)
  const put = db.prepare('INSERT OR REPLACE INTO payloads (id, payload) VALUES (?, ?)')
  const get = db.prepare('SELECT payload FROM payloads WHERE id = ?')
  const take = db.prepare('DELETE FROM payloads WHERE id = ?')
  return (model) => {
    const read = (id: string): AdapterPayload | undefined => {
      const row = get.get(`${model}:${id}`)
      return row && JSON.parse(String(row.payload))
    }
    return {
      async upsert(id, payload) {
        put.run(`${model}:${id}`, JSON.stringify(payload))
      },
      find: async (id) => read(id),
      findByUid: async () => undefined,
      findByUserCode: async () => undefined,
      async consume(id) {
        const payload = read(id)
        if (payload) put.run(`${model}:${id}`, JSON.stringify({ ...payload, consumed: 1 }))
      },
      async destroy(id) {
        take.run(`${model}:${id}`)
      },
      async revokeByGrantId() {},
    }
  }
}
