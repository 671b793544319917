import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { freePorts } from '../../ports.ts'
import { ADMIN } from './admin.ts'
import { CLIENT_SECRET, REALM, realm } from './realm.ts'

/** Limit of the start, in ms. Keycloak builds itself first, which is slow on a busy machine. */
const STARTS_WITHIN = 240_000
const MEMORY = '-Xms64m -Xmx512m'
/** A preview in this version: assertions of other servers as grants (RFC 7523). */
const FEATURES = ['--import-realm', '--features=jwt-authorization-grant']

/** Certificate of the server and its key: files in PEM. */
interface ServerCertificate {
  readonly certificate: string
  readonly key: string
}

/**
 * A Keycloak of its own for Remit at `remit` with this gateway, in memory, unpacked from the archive that the environment
 * names. Over plain HTTP without `tls`.
 */
export async function startKeycloak(
  remit: string,
  gateway: string,
  tls?: ServerCertificate,
): Promise<{ issuer: string; secret: string; close(): Promise<void> }> {
  const home = await mkdtemp(join(tmpdir(), 'remit-keycloak-'))
  const [port = 0] = await freePorts(1)
  const issuer = `${tls ? 'https://localhost' : 'http://127.0.0.1'}:${port}/realms/${REALM}`
  let child: ChildProcess | undefined
  const close = async () => {
    if (child) await end(child)
    await rm(home, { recursive: true, force: true })
  }
  try {
    child = await spawnIn(await unpack(home), listening(port, tls), realm(remit, gateway))
    await answering(child, issuer)
  } catch (error) {
    await close()
    throw error
  }
  return { issuer, secret: CLIENT_SECRET, close }
}

function listening(port: number, tls: ServerCertificate | undefined): readonly string[] {
  if (!tls) return ['--http-host=127.0.0.1', `--http-port=${port}`]
  return [
    ...['--http-enabled=false', '--hostname-strict=false', `--https-port=${port}`],
    ...[`--https-certificate-file=${tls.certificate}`, `--https-certificate-key-file=${tls.key}`],
  ]
}

async function unpack(home: string): Promise<string> {
  const archive = process.env.REMIT_INTEROP_KEYCLOAK
  if (!archive) throw new Error('run these tests by `npm run test:interop`')
  const { status } = spawnSync('unzip', ['-q', archive, '-d', home], { stdio: 'inherit' })
  const [only] = await readdir(home)
  if (status !== 0 || !only) throw new Error(`${archive} could not be unpacked`)
  return join(home, only)
}

async function spawnIn(
  place: string,
  listener: readonly string[],
  imported: object,
): Promise<ChildProcess> {
  const folder = join(place, 'data', 'import')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'realm.json'), JSON.stringify(imported))
  const args = ['start-dev', '--db=dev-mem', ...listener]
  const child = spawn(join(place, 'bin', 'kc.sh'), [...args, ...FEATURES], {
    // A group of its own, so that what the script starts ends with it.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      ...{ JAVA_OPTS_KC_HEAP: MEMORY, JAVA_OPTS_APPEND: '-XX:TieredStopAtLevel=1' },
      ...{ KC_BOOTSTRAP_ADMIN_USERNAME: ADMIN.name, KC_BOOTSTRAP_ADMIN_PASSWORD: ADMIN.password },
    },
  })
  process.once('exit', () => kill(child))
  return child
}

async function answering(child: ChildProcess, issuer: string): Promise<void> {
  let said = ''
  const keep = (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4000)
  }
  child.stdout?.on('data', keep)
  child.stderr?.on('data', keep)
  const deadline = performance.now() + STARTS_WITHIN
  while (performance.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`Keycloak ended at its start:\n${said}`)
    const answer = await fetch(`${issuer}/.well-known/openid-configuration`).catch(() => undefined)
    await answer?.body?.cancel()
    if (answer?.ok) return
    await pause(500)
  }
  throw new Error(`Keycloak did not start within ${STARTS_WITHIN / 1000} s:\n${said}`)
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  kill(child) // it keeps nothing, so nothing is lost
  await ended
}

function kill(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // It has ended already.
  }
}
