import assert from 'node:assert/strict'
import { access, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { readSettings } from '../src/programs/config/settings.ts'
import { imageSettings } from './image-settings.ts'

const DEPLOY = join(import.meta.dirname, '..', 'deploy')
const read = (...path: readonly string[]) => readFile(join(DEPLOY, ...path), 'utf8')

/** Values that somebody would fill in. */
const FILLED_IN: Readonly<Record<string, string>> = {
  REMIT_HOST: 'remit.example.com',
  GATEWAY_HOST: 'gateway.example.com',
  REMIT_MASTER_KEY: Buffer.alloc(32, 7).toString('base64url'),
  POSTGRES_PASSWORD: 'a'.repeat(48),
  REMIT_IDP_ISSUER: 'https://login.example.com',
  REMIT_IDP_CLIENT_ID: 'remit',
  REMIT_IDP_CLIENT_SECRET: 'secret',
}

function filledIn(text: string): string {
  return text.replaceAll(/\$\{(\w+)(?::[?-][^}]*)?\}/g, (_, name: string) => {
    assert.ok(name === 'COMMIT' || FILLED_IN[name] !== undefined, `${name} is in no example`)
    return FILLED_IN[name] ?? 'unknown'
  })
}

/** Members that this test looks at. */
interface ComposeFile {
  readonly services: Readonly<Record<string, { readonly environment: Record<string, string> }>>
  readonly networks: { readonly edge: { readonly ipam: { readonly config: readonly object[] } } }
}

test('Remit understands the settings of compose.yaml, on those of the image', async () => {
  const compose: ComposeFile = parse(filledIn(await read('compose', 'compose.yaml')))
  const environment = { ...(await imageSettings()), ...compose.services.remit?.environment }
  const settings = readSettings(environment)
  assert.equal(settings.issuer, 'https://remit.example.com')
  assert.equal(settings.gateway, 'https://gateway.example.com')
  assert.equal(environment.REMIT_PLAIN_HTTP, 'behind-proxy')
  const [network] = compose.networks.edge.ipam.config
  assert.deepEqual(network, { subnet: environment.REMIT_TRUSTED_PROXIES })
})

test('env.example has exactly what compose.yaml asks for', async () => {
  const lines = (await read('compose', 'env.example')).split('\n')
  const names = lines.flatMap((line) => /^(\w+)=/.exec(line)?.[1] ?? [])
  assert.deepEqual(names.toSorted(), Object.keys(FILLED_IN).toSorted())
  const text = await read('compose', 'compose.yaml')
  const asked = [...text.matchAll(/\$\{(\w+)/g)].map(([, name = '']) => name)
  assert.deepEqual(
    [...new Set(asked)].filter((name) => name !== 'COMMIT').toSorted(),
    names.toSorted(),
  )
})

/** Members of the release workflow that this test looks at. */
interface Workflow {
  readonly permissions: Readonly<Record<string, string>>
  readonly jobs: Readonly<Record<string, WorkflowJob>>
}
interface WorkflowJob {
  readonly needs?: string | readonly string[]
  readonly steps: readonly WorkflowStep[]
}
interface WorkflowStep {
  readonly uses?: string
  readonly run?: string
}

test('the release pins what it uses, runs scripts that exist, and publishes each package that is built', async () => {
  const root = join(DEPLOY, '..')
  const text = await readFile(join(root, '.github', 'workflows', 'release.yml'), 'utf8')
  const { jobs, permissions }: Workflow = parse(text)
  assert.deepEqual(permissions, { contents: 'read' })
  const steps = Object.values(jobs).flatMap((job) => job.steps)
  const used = steps.flatMap(({ uses }) => uses ?? [])
  assert.ok(used.length > 5)
  for (const each of used) assert.match(each, /^[\w-]+\/[\w-]+@[0-9a-f]{40}$/)
  const { scripts }: { scripts: Record<string, string> } = JSON.parse(
    await readFile(join(root, 'package.json'), 'utf8'),
  )
  const commands = steps.map(({ run = '' }) => run).join('\n')
  const run = [...commands.matchAll(/npm run ([\w:]+)/g)].map(([, name = '']) => name)
  assert.deepEqual(run.toSorted(), ['build', 'build', 'check', 'test:interop'])
  for (const name of run) assert.ok(scripts[name], name)
  assert.doesNotMatch(
    commands,
    /\$\{\{/,
    'what somebody else names is in the environment, never in a command',
  )
  const [, published = ''] = /for name in (.+); do/.exec(commands) ?? []
  const packages = ['remit', 'remit-dev', 'remit-engine', 'remit-sdk', 'remit-verifier']
  assert.deepEqual(published.split(' ').toSorted(), packages)
  const programs = [...commands.matchAll(/node (tools\/\S+)/g)].map(([, path = '']) => path)
  assert.deepEqual(programs, ['tools/check-versions.ts'])
  for (const path of programs) await access(join(root, path))
  // The page of the release is made last, and has what `docs/operations/releases.md` says.
  const { page } = jobs
  assert.deepEqual(page?.needs, ['packages', 'image'])
  assert.match(
    commands,
    /gh release create [\s\S]+\*\.tgz remit\.cdx\.json LICENCES\.txt SHA256SUMS/,
  )
})

test('the backup of systemd is as hardened as the server, and has its user and its settings', async () => {
  const [server, backup] = await Promise.all(
    ['remit.service', 'remit-backup.service'].map((name) => read('systemd', name)),
  )
  const shared =
    /^(?:Protect|Private|Restrict|System|Capability|Ambient|NoNew|Lock|Remove|UMask|Environment|DynamicUser)/
  for (const line of (server ?? '').split('\n').filter((each) => shared.test(each)))
    assert.ok(backup?.includes(`\n${line}\n`), line)
  assert.match(backup ?? '', /\nUser=remit\nStateDirectory=remit remit-backup\n/)
})
