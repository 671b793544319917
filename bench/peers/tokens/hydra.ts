import { freePorts } from '../../../test/ports.ts'
import { startProgram } from '../../harness/program.ts'
import { builtByGo, type GoProgram } from '../go-program.ts'
import type { Peer } from '../peer.ts'
import { tokenWay } from './credentials.ts'

const HYDRA: GoProgram = {
  name: 'hydra',
  module: 'github.com/ory/hydra/v2',
  version: '2.3.0',
  sum: 'h1:bPs5MOWmYLZ9C3oQFhhjnaBrExUgF/zf3u1AJVlR//4=',
  folder: '.',
  tags: 'sqlite',
  unreplaced: ['github.com/ory/hydra-client-go/v2'],
}
const SECRET = 'the-secret-of-the-benchmark-is-known'

export const hydra: Peer = {
  name: 'Ory Hydra',
  version: HYDRA.version,
  settings:
    '`hydra serve all --dev`, SQLite in memory, secrets hashed by PBKDF2 with one round (its least), tokens opaque or ES256, GOMAXPROCS=1',
  without:
    'checks a secret and no proof; no person, task, policies or record; nothing is durable here',
  async start({ cores, home }) {
    const [port = 0, admin = 0] = await freePorts(2)
    const origin = `http://127.0.0.1:${port}`
    const management = `http://127.0.0.1:${admin}`
    const program = await startProgram(
      [builtByGo(HYDRA), 'serve', 'all', '--dev', '--sqa-opt-out'],
      {
        cores,
        cwd: home,
        answers: `${management}/health/ready`,
        env: {
          GOMAXPROCS: '1',
          DSN: 'memory',
          SECRETS_SYSTEM: 'a-secret-of-the-benchmark-that-is-long',
          LOG_LEVEL: 'error',
          SERVE_PUBLIC_HOST: '127.0.0.1',
          SERVE_PUBLIC_PORT: String(port),
          SERVE_PUBLIC_REQUEST_LOG_DISABLE_FOR_HEALTH: 'true',
          SERVE_ADMIN_HOST: '127.0.0.1',
          SERVE_ADMIN_PORT: String(admin),
          URLS_SELF_ISSUER: origin,
          OAUTH2_HASHERS_ALGORITHM: 'pbkdf2',
          OAUTH2_HASHERS_PBKDF2_ITERATIONS: '1',
        },
      },
    )
    const say = async (path: string, body: object) => {
      const answer = await fetch(management + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
      if (!answer.ok) throw new Error(`Hydra answered ${answer.status}: ${await answer.text()}`)
    }
    await say('/admin/keys/hydra.jwt.access-token', { alg: 'ES256', kid: 'bench', use: 'sig' })
    const kinds = ['opaque', 'jwt'] as const
    for (const kind of kinds)
      await say('/admin/clients', {
        ...{ client_id: kind, client_secret: SECRET, grant_types: ['client_credentials'] },
        ...{ access_token_strategy: kind, scope: 'orders.read' },
      })
    const ways = kinds.map((kind) =>
      tokenWay({
        name: `Hydra, client credentials, ${kind === 'jwt' ? 'ES256' : kind}, in memory`,
        url: `${origin}/oauth2/token`,
        client: { id: kind, secret: SECRET },
        form: { grant_type: 'client_credentials', scope: 'orders.read' },
        program,
      }),
    )
    return { ways, stop: () => program.stop() }
  },
}
