import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { installOwn } from '../../../tools/install-own.ts'
import { buildAll } from '../../../tools/packages/build.ts'
import { type Counterpart, UnavailableSource } from '../counterpart.ts'
import { keycloak } from '../keycloak/get.ts'
import { installServer } from '../packages/get.ts'
import { needProgram } from '../program.ts'
import { fromPip } from '../python.ts'

/** Remit as it is installed from its packages, proxies of Debian, PostgreSQL from npm, Keycloak, and an authority for certificates that this test trusts. */
export const deploy: Counterpart = {
  name: 'deploy',
  version: 'of Debian',
  async get() {
    for (const program of ['caddy', 'nginx', 'openssl']) needProgram(program, program)
    installOwn('test/postgres', 'PostgreSQL for the tests (once; about 60 MB)')
    const provider = await keycloak.get()
    const requirements = join(import.meta.dirname, '..', 'envoy', 'requirements.txt')
    const envoy = await fromPip('envoy', requirements)
    const built = mkdtempSync(join(tmpdir(), 'remit-packages-'))
    const server = installServer(await buildAll(join(built, 'dist')))
    rmSync(built, { recursive: true })
    const folder = mkdtempSync(join(tmpdir(), 'remit-deploy-'))
    const { status } = spawnSync('openssl', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
      ...['-keyout', join(folder, 'ca.key'), '-out', join(folder, 'ca.pem')],
      ...['-subj', '/CN=Authority of this test', '-days', '30'],
    ])
    if (status !== 0) throw new UnavailableSource('openssl makes no certificate here')
    return {
      ...provider,
      REMIT_INTEROP_VERSION: `Keycloak ${keycloak.version}, Caddy ${versionOf('caddy', 'version')}, nginx ${versionOf('nginx', '-v')}, Envoy ${versionOf(join(envoy, 'envoy'), '--version')}`,
      REMIT_INTEROP_DEPLOY: folder,
      REMIT_INTEROP_SERVER: server,
      REMIT_INTEROP_ENVOY: envoy,
      NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem'),
    }
  },
}

function versionOf(program: string, ask: string): string {
  const { stderr, stdout } = spawnSync(program, [ask], { encoding: 'utf8' })
  return /\d+\.\d+(?:\.\d+)*/.exec(stdout + stderr)?.[0] ?? 'of Debian'
}
