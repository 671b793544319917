import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { keycloak as counterpart } from '../../../test/interop/keycloak/get.ts'
import { freePorts } from '../../../test/ports.ts'
import { startProgram } from '../../harness/program.ts'
import type { Peer } from '../peer.ts'
import { tokenWay } from './credentials.ts'

const REALM = 'bench'
const SECRET = 'the-secret-of-the-benchmark-is-known'
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'

export const keycloak: Peer = {
  name: 'Keycloak',
  version: counterpart.version,
  settings:
    '`kc.sh start`, database in memory, heap of 512 MiB, tokens ES256; 20,000 requests before those that count, for the JVM',
  without:
    'checks a secret and no proof; no task, policies for the call, or record of the token; nothing is durable here',
  async start({ cores, home }) {
    const { REMIT_INTEROP_KEYCLOAK: archive = '' } = await counterpart.get()
    spawnSync('unzip', ['-q', archive, '-d', home])
    const place = join(home, readdirSync(home)[0] ?? '')
    mkdirSync(join(place, 'data', 'import'), { recursive: true })
    writeFileSync(join(place, 'data', 'import', 'realm.json'), JSON.stringify(realm()))
    const [port = 0, management = 0] = await freePorts(2)
    const at = `http://127.0.0.1:${port}/realms/${REALM}`
    const program = await startProgram(
      [
        join(place, 'bin', 'kc.sh'),
        ...[
          'start',
          '--db=dev-mem',
          '--import-realm',
          '--http-enabled=true',
          '--hostname-strict=false',
        ],
        ...['--http-host=127.0.0.1', `--http-port=${port}`, `--http-management-port=${management}`],
        ...['--cache=local', '--log-level=error'],
      ],
      {
        cores,
        answers: `${at}/.well-known/openid-configuration`,
        startsWithinMs: 600_000,
        env: { JAVA_OPTS_KC_HEAP: '-Xms512m -Xmx512m' },
        log: join(home, 'keycloak.log'),
      },
    )
    const url = `${at}/protocol/openid-connect/token`
    const subject = await subjectToken(url)
    const way = (name: string, id: string, form: Readonly<Record<string, string>>) =>
      tokenWay({ name, url, program, client: { id, secret: SECRET }, form })
    return {
      ways: [
        way('Keycloak, client credentials, ES256, in memory', 'agent', {
          grant_type: 'client_credentials',
        }),
        way('Keycloak, token exchange, ES256, in memory', 'agent', {
          ...{ grant_type: EXCHANGE, subject_token: subject, subject_token_type: ACCESS_TOKEN },
          requested_token_type: ACCESS_TOKEN,
        }),
      ],
      warmUp: 20_000,
      stop: () => program.stop(),
    }
  },
}

/** A token for the agent, which it exchanges. */
async function subjectToken(url: string): Promise<string> {
  const answer = await fetch(url, {
    method: 'POST',
    body: new URLSearchParams({
      ...{ grant_type: 'client_credentials', client_id: 'portal', client_secret: SECRET },
    }),
  })
  const { access_token: token } = (await answer.json()) as { access_token?: string } // RFC 6749
  if (!token) throw new Error(`Keycloak gave no token: ${answer.status}`)
  return token
}

function realm(): object {
  const client = {
    ...{ enabled: true, protocol: 'openid-connect', secret: SECRET, serviceAccountsEnabled: true },
    ...{ standardFlowEnabled: false, publicClient: false },
  }
  const attributes = {
    'access.token.signed.response.alg': 'ES256',
    'standard.token.exchange.enabled': 'true',
  }
  const forAgent = {
    name: 'audience',
    protocol: 'openid-connect',
    protocolMapper: 'oidc-audience-mapper',
    config: { 'included.client.audience': 'agent', 'access.token.claim': 'true' },
  }
  return {
    ...{ realm: REALM, enabled: true, sslRequired: 'none', accessTokenLifespan: 7_200 },
    ssoSessionMaxLifespan: 14_400,
    clients: [
      { ...client, clientId: 'agent', attributes },
      { ...client, clientId: 'portal', attributes, protocolMappers: [forAgent] },
    ],
  }
}
