import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Browser, type Page } from '../../../examples/refund-desk/browser.ts'
import { systemProbes } from '../../../src/programs/doctor/index.ts'
import { freePorts } from '../../ports.ts'
import { type RunningPostgres, startPostgres } from '../../postgres/start.ts'
import { until } from '../../until.ts'
import { passwordOf } from '../keycloak/realm.ts'
import { startKeycloak } from '../keycloak/start.ts'

const { REMIT_INTEROP_DEPLOY: home = '', REMIT_INTEROP_ENVOY: envoy = '' } = process.env
const { REMIT_INTEROP_SERVER: server = '' } = process.env
const ROOT = join(import.meta.dirname, '..', '..', '..')
const DAY = 86_400_000

/** The block of a page that holds this text. */
function blockOf(page: string, holds: string): string {
  const text = readFileSync(join(ROOT, 'docs', 'operations', page), 'utf8')
  const blocks = [...text.matchAll(/```\w+\n([^`]+)```/g)].map(([, block = '']) => block)
  const found = blocks.find((block) => block.includes(holds))
  assert.ok(found, `${page} has no block with ${holds}`)
  return found
}

/** Shell commands, with no settings of this test in their environment. */
function shell(commands: string): readonly [string, readonly string[], { env: NodeJS.ProcessEnv }] {
  const own = Object.entries(process.env).filter(([name]) => !/^REMIT_|^DATABASE_URL$/.test(name))
  const program = join(server, 'node_modules', 'remit', 'lib', 'main.js')
  const remit = `remit() { "${process.execPath}" "${program}" "$@"; }`
  return ['bash', ['-euc', `${remit}\n${commands}`], { env: Object.fromEntries(own) }]
}

describe('docs/operations/deploy.md', () => {
  let postgres: RunningPostgres
  let provider: Awaited<ReturnType<typeof startKeycloak>>
  let places: readonly (readonly [string, string])[]
  let issuer: string
  let gateway: string
  let said = ''
  const ends: (() => Promise<unknown>)[] = []

  /** Text of the page, with the places of this test. */
  const here = (text: string) =>
    places.reduce((all, [there, at]) => all.replaceAll(there, at), text)

  /** Starts a program, and ends it with the test. */
  function start(...[program, args, options]: Parameters<typeof spawn>): ChildProcess {
    const child = spawn(program, args, { ...options, detached: true })
    const ended = once(child, 'exit')
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
    child.stdout?.resume()
    ends.unshift(async () => {
      // The group: what a shell started ends with it.
      if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
      await ended
    })
    return child
  }

  before(async () => {
    const [port = 0, pages = 0, calls = 0] = await freePorts(3)
    issuer = `https://localhost:${port}`
    gateway = `https://127.0.0.1:${port}`
    postgres = await startPostgres()
    issue(20)
    const certificate = join(home, 'of-provider.pem')
    const key = join(home, 'of-provider.key')
    cpSync(join(home, 'fullchain.pem'), certificate)
    cpSync(join(home, 'privkey.pem'), key)
    provider = await startKeycloak(issuer, gateway, { certificate, key })
    places = [
      ['https://login.example.com', provider.issuer],
      ['remit.example.com', new URL(issuer).host],
      ['gateway.example.com', new URL(gateway).host],
      ['127.0.0.1:7480', `127.0.0.1:${pages}`],
      ['127.0.0.1:7481', `127.0.0.1:${calls}`],
      ['port_value: 443', `port_value: ${port}`],
      ['port_value: 7480', `port_value: ${pages}`],
      ['port_value: 7481', `port_value: ${calls}`],
      ['/run/credentials/', `${home}/`],
      ['/var/lib/', `${home}/`],
      ['/etc/ssl/remit', home],
    ]
    const masterKey = spawnSync(...shell(blockOf('secrets.md', 'openssl rand')))
    writeFileSync(join(home, 'remit-master-key'), masterKey.stdout)
    writeFileSync(join(home, 'remit-database-url'), postgres.url)
    writeFileSync(join(home, 'remit-idp-secret'), provider.secret)
    mkdirSync(join(home, 'remit-backup'))
    start(...shell(here(blockOf('deploy.md', 'remit serve'))))
    await until(async () => /\/setup\/\S+/.exec(said)?.[0])
  })

  after(async () => {
    for (const end of ends) await end()
    await provider.close()
    await postgres.stop()
    for (const folder of [home, server]) rmSync(folder, { recursive: true })
  })

  /** Settings of the page, and the command with which it looks at them. */
  async function diagnosis(more: string): Promise<Readonly<Record<string, string>>> {
    const settings = blockOf('deploy.md', 'remit serve').replace('remit serve\n', more)
    const doctor = blockOf('deploy.md', 'remit doctor').trim()
    const child = spawn(...shell(here(`${settings}${doctor} --json`)))
    const out: Buffer[] = []
    child.stdout?.on('data', (chunk: Buffer) => out.push(chunk))
    await once(child, 'close')
    const { checks } = JSON.parse(Buffer.concat(out).toString())
    return Object.fromEntries(checks.map(({ id, status }: Record<string, string>) => [id, status]))
  }

  /** Waits for the proxy, and finds everything as it should be. */
  async function assertServed(administrator: string, more = ''): Promise<void> {
    await until(async () => {
      const answer = await fetch(`${issuer}/livez`).catch(() => undefined)
      await answer?.body?.cancel()
      return answer?.ok || undefined
    })
    if (administrator === 'none') {
      const [link = ''] = /\/setup\/\S+/.exec(said) ?? []
      const browser = new Browser()
      const page = await browser.get(`${issuer}${link}`)
      await signIn(browser, await browser.submit(page, /./))
    }
    const browser = new Browser()
    await signIn(browser, await browser.get(`${issuer}/`))
    const found = await diagnosis(more)
    for (const id of [
      ...['metadata', 'ready', 'gateway', 'issuer-certificate', 'gateway-certificate'],
      ...['database', 'schema', 'pooler', 'time-limits', 'database-clock'],
      ...['listeners', 'audience', 'secrets', 'master-key', 'durability'],
    ])
      assert.equal(found[id], 'ok', id)
    assert.equal(found.administrators, 'warning')
    assert.equal(found['provider-clock'], 'unknown', 'answers of Keycloak have no date')
    // What is not as in production: names of loopback, one database.
    for (const id of ['issuer', 'provider', 'replication']) assert.equal(found[id], 'error', id)
    const answer = await fetch(`${gateway}/orders/orders/1042`)
    assert.equal(answer.status, 404) // There is no API yet.
    assert.match(answer.headers.get('content-type') ?? '', /problem\+json/)
  }

  /** Fills in Keycloak's form, and is at Remit then. */
  async function signIn(browser: Browser, form: Page): Promise<void> {
    assert.ok(form.url.startsWith(provider.issuer), form.url)
    const credentials = { username: 'ada', password: passwordOf('ada') }
    const page = await browser.submit(form, /sign in/i, credentials)
    assert.equal(page.status, 200, page.text)
    assert.equal(new URL(page.url).origin, issuer)
  }

  it('Caddy in front, with the first administrator by the setup link', async () => {
    const pki = `pki { ca local { root { cert ${home}/ca.pem\nkey ${home}/ca.key\n} } }`
    const own = `{\nadmin off\nskip_install_trust\nauto_https disable_redirects\n${braces(pki)}\n}`
    const file = join(home, 'Caddyfile')
    writeFileSync(file, `${own}\n${here(blockOf('deploy.md', 'flush_interval'))}`)
    const env = { ...process.env, HOME: home, XDG_DATA_HOME: home }
    start('caddy', ['run', '--adapter', 'caddyfile', '--config', file], { cwd: home, env })
    try {
      await assertServed('none')
    } finally {
      await ends.shift()?.()
    }
  })

  it('nginx in front, which takes a renewed certificate while it runs', async () => {
    issue(20)
    const blocks = here(blockOf('deploy.md', 'proxy_pass'))
      .replaceAll('listen 443 ssl', `listen ${new URL(issuer).port} ssl`)
      .replaceAll(/server_name (\S+):\d+;/g, 'server_name $1;')
    const user = process.getuid?.() === 0 ? 'user root;' : ''
    const own = `access_log off; client_body_temp_path ${home}/body; proxy_temp_path ${home}/proxy; fastcgi_temp_path ${home}/f; uwsgi_temp_path ${home}/u; scgi_temp_path ${home}/s;`
    const file = join(home, 'nginx.conf')
    writeFileSync(
      file,
      `${user} daemon off; pid ${home}/nginx.pid; events {}\nhttp { ${own}\n${blocks}\n}`,
    )
    const args = ['-e', 'stderr', '-c', file]
    start('nginx', args, { cwd: home })
    await assertServed('ada')
    await assertRenewed(() => spawnSync('nginx', [...args, '-s', 'reload']).status === 0)
    await ends.shift()?.()
  })

  /** Renews the certificate, and waits until new connections get it. */
  async function assertRenewed(reload: () => boolean): Promise<void> {
    const probes = systemProbes()
    const lasts = async () => {
      const shown = await probes.certificate('localhost', Number(new URL(issuer).port))
      return shown.expiresAt - Date.now()
    }
    assert.ok((await lasts()) < 21 * DAY)
    issue(25)
    assert.ok(reload())
    await until(async () => (await lasts()) > 24 * DAY || undefined)
    await probes.close()
  }

  it('Envoy in front', async () => {
    const file = join(home, 'envoy.yaml')
    writeFileSync(file, here(blockOf('deploy.md', 'DownstreamTlsContext')))
    const args = ['-c', file, '--concurrency', '1', '--use-dynamic-base-id', '-l', 'warning']
    start(join(envoy, 'envoy'), args, { cwd: home })
    await assertServed('ada')
    await ends.shift()?.()
  })

  it('nothing in front: Remit ends TLS, and takes a renewed certificate while it runs', async () => {
    issue(20)
    const { host, port } = new URL(gateway)
    const [calls = 0] = await freePorts(1)
    gateway = `https://127.0.0.1:${calls}`
    const more = blockOf('deploy.md', 'REMIT_TLS_CERTIFICATE')
      .replace('gateway.example.com:8443', new URL(gateway).host)
      .replace('0.0.0.0:443', `0.0.0.0:${port}`)
      .replace('0.0.0.0:8443', `0.0.0.0:${calls}`)
    assert.ok(!more.includes(host))
    start(
      ...shell(
        here(blockOf('deploy.md', 'remit serve').replace('remit serve\n', `${more}remit serve\n`)),
      ),
    )
    await assertServed('ada', more)
    await assertRenewed(() => true)
  })

  /** Writes a certificate of the authority, for both names. */
  function issue(days: number): void {
    const at = (name: string) => join(home, name)
    writeFileSync(at('names'), 'subjectAltName = DNS:localhost, IP:127.0.0.1\n')
    const asked = ['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
    const signed = [
      'x509',
      '-req',
      '-in',
      at('csr.pem'),
      '-CA',
      at('ca.pem'),
      '-CAkey',
      at('ca.key'),
    ]
    for (const args of [
      [...asked, '-keyout', at('privkey.pem'), '-out', at('csr.pem'), '-subj', '/CN=localhost'],
      [
        ...signed,
        '-CAcreateserial',
        '-extfile',
        at('names'),
        '-days',
        `${days}`,
        '-out',
        at('fullchain.pem'),
      ],
    ])
      assert.equal(spawnSync('openssl', args).status, 0)
  }
})

/** Writes blocks as a Caddyfile wants them: a brace ends its line. */
function braces(text: string): string {
  return text.replaceAll('{ ', '{\n').replaceAll(' }', '\n}')
}
