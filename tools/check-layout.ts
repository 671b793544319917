// The house plan as data: which rooms each room may import. Fails on any other edge, on any cycle (types included), and on
// imports past a room's index. `--shape` (`npm run shape`) prints the numbers of the house, which people look at; no number fails.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type PackageFile, strayPackages } from './layout/packages.ts'
import { printShape } from './layout/print-shape.ts'
import { shapeOf } from './layout/shape.ts'

const FLOOR = ['lib', 'dictionaries', 'storage', 'jose', 'keys', 'net'] as const
/** Business rooms, in order: each may import the ones before it, and the floor. */
const BUSINESS = [
  'webhooks',
  'ledger',
  'revocation',
  'people',
  'notifications',
  'stand-ins',
  'passkeys',
  'sessions',
  'ended-accounts',
  'identity-providers',
  'agents',
  'client-metadata',
  'issuers',
  'agent-authentication',
  'argument-types',
  'cel',
  'catalog',
  'graphql',
  'catalog-changes',
  'resource-groups',
  'possession',
  'opaque-tokens',
  'machine-clients',
  'tokens',
  'connections',
  'spaces',
  'cedar',
  'policy',
  'policy-only',
  'obligations',
  'access-requests',
  'call-edits',
  'approvals',
  'budgets',
  'consent',
  'tasks',
  'sponsorship',
  'risk',
  'decision-log',
  'submissions',
  'approval-desk',
  'facts',
  'decision-points',
  'issuance',
  'grants',
  'code-grant',
  'token-status',
  'token-pdp',
  'calls',
  'channel-answers',
  'direct-calls',
  'mcp-sessions',
  'mcp-tasks',
  'mcp-messages',
  'retention',
  'archive',
  'analysis',
  'backup',
] as const
/** Edges never import each other, and never storage. */
const EDGES = ['oauth', 'pages', 'api', 'gateway', 'authzen', 'extauthz', 'chat'] as const
/** The rooms that put everything together. No one imports them but each other, downwards. */
const ROOT = ['.', 'config', 'processes', 'cli', 'dev'] as const

const MAY_IMPORT: Record<string, readonly string[]> = {
  lib: [],
  dictionaries: [],
  storage: ['lib'],
  jose: ['lib'],
  keys: ['lib', 'storage', 'jose'],
  net: ['lib'],
  http: ['lib'],
  bodies: ['lib', 'http'],
  // Descriptions, which the command line loads: nothing that works.
  'operation-kit': ['lib', 'catalog'],
  completion: [],
  // What the command line runs on somebody's own computer.
  'mcp-stdio': ['lib', 'net'],
  'api-operations': ['lib', 'catalog', 'operation-kit'],
}
BUSINESS.forEach((room, i) => {
  MAY_IMPORT[room] = [...FLOOR, ...BUSINESS.slice(0, i)]
})
for (const edge of EDGES)
  MAY_IMPORT[edge] = ['lib', 'http', 'bodies', 'net', 'jose', 'keys', ...BUSINESS]
// It looks at everything, and nothing but the root knows it.
MAY_IMPORT.telemetry = [...FLOOR, 'http', ...BUSINESS]
// It looks at everything from beside; only the command line knows it.
MAY_IMPORT.doctor = [...FLOOR, 'config', ...BUSINESS]
// What Remit reads for approvers goes the way of the gateway's calls.
MAY_IMPORT.previews = [...(MAY_IMPORT.gateway ?? []), 'gateway']
// Pages of their own, beside those that come with the frame.
MAY_IMPORT['stand-in-pages'] = [...(MAY_IMPORT.pages ?? []), 'pages']
MAY_IMPORT.api = [...(MAY_IMPORT.api ?? []), 'api-operations', 'operation-kit']
for (const room of ROOT) MAY_IMPORT[room] = ['*']

/** Rooms that are sets of small parts, imported one by one; every other room is entered through its index. */
const WITHOUT_INDEX = new Set([
  'lib',
  'api-operations',
  'operation-kit',
  '.',
  'config',
  'processes',
  'cli',
  'dev',
])

const repository = dirname(dirname(fileURLToPath(import.meta.url)))
const problems: string[] = []

interface Tree {
  root: string
  /** Workspaces import nothing of the server. */
  workspace: boolean
}
const TREES: Tree[] = [
  { root: join(repository, 'src'), workspace: false },
  ...['engine', 'sdk', 'verifier', 'pkcs11']
    .map((name) => join(repository, name))
    .filter(existsSync)
    .map((root) => ({ root, workspace: true })),
]

function sources(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|tsx|mts)$/.test(name))
    .filter((name) => !name.split(sep).some((part) => part === 'node_modules' || part === 'dist'))
    .map((name) => join(root, name))
}

function importsOf(text: string): string[] {
  const found: string[] = []
  for (const match of text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'([^']+)'/g))
    if (match[1]) found.push(match[1])
  return found
}

function isTest(file: string): boolean {
  return file.endsWith('.test.ts') || file.endsWith(`${sep}testing.ts`)
}

const graph = new Map<string, string[]>()

function roomOf(root: string, file: string): string {
  const [first = '.', ...rest] = relative(root, file).split(sep)
  return rest.length ? first : '.'
}

function checkEdge(root: string, file: string, target: string): void {
  const name = relative(repository, file)
  const from = roomOf(root, file)
  if (relative(root, target).startsWith('..')) {
    problems.push(
      `${name}: reaches outside ${relative(repository, root)} (${relative(repository, target)})`,
    )
    return
  }
  const to = roomOf(root, target)
  if (to === from) return
  const allowed = MAY_IMPORT[from]
  if (!allowed) return
  if (!allowed.includes('*') && !allowed.includes(to)) {
    problems.push(`${name}: ${from} may not import ${to}`)
  } else if (!WITHOUT_INDEX.has(to) && !/[\\/](index|testing)\.ts$/.test(target)) {
    problems.push(`${name}: enter ${to} through its index.ts, not ${relative(root, target)}`)
  }
}

function checkFile(tree: Tree, file: string): void {
  const text = readFileSync(file, 'utf8')
  const name = relative(repository, file)
  const targets = importsOf(text)
  const local = targets
    .filter((target) => target.startsWith('.'))
    .map((target) => resolve(dirname(file), target))
  graph.set(file, local)
  if (tree.workspace) {
    for (const target of local) {
      if (relative(tree.root, target).startsWith('..'))
        problems.push(`${name}: a workspace imports nothing outside itself`)
    }
    if (tree.root.endsWith('engine') && !isTest(file)) {
      for (const target of targets)
        if (!target.startsWith('.')) problems.push(`${name}: engine imports nothing (${target})`)
    }
    return
  }
  if (!MAY_IMPORT[roomOf(tree.root, file)]) problems.push(`${name}: the room is not in the table`)
  if (isTest(file)) return
  for (const target of local) checkEdge(tree.root, file, target)
}

function asPackageFile(file: string): PackageFile {
  const name = relative(repository, file)
  return {
    name,
    text: readFileSync(file, 'utf8'),
    imports: (graph.get(file) ?? []).map((target) => relative(repository, target)),
    forDevelopment: isTest(file) || name.startsWith(join('src', 'dev', sep)),
  }
}

for (const tree of TREES) {
  const files = sources(tree.root)
  for (const file of files) checkFile(tree, file)
  const packageRoot = tree.workspace ? tree.root : repository
  problems.push(...strayPackages(packageRoot, files.map(asPackageFile)))
}

const state = new Map<string, 'open' | 'done'>()
function visit(file: string, path: readonly string[]): void {
  if (state.get(file) === 'done') return
  if (state.get(file) === 'open') {
    const circle = [...path.slice(path.indexOf(file)), file].map((part) =>
      relative(repository, part),
    )
    problems.push(`cycle: ${circle.join(' -> ')}`)
    return
  }
  state.set(file, 'open')
  for (const next of graph.get(file) ?? []) visit(next, [...path, file])
  state.set(file, 'done')
}
for (const file of graph.keys()) visit(file, [])

const house = join(repository, 'src')
const isOfHouse = (file: string) => file.startsWith(house + sep) && !isTest(file)
const shape = shapeOf(
  house,
  [...graph].filter(([file]) => isOfHouse(file)).map(([file, imports]) => ({ file, imports })),
  [
    ...[...graph.keys()].filter((file) => !isOfHouse(file)),
    ...['test', 'bench', 'tools', 'examples'].flatMap((name) => sources(join(repository, name))),
  ],
)
problems.push(
  ...shape.circles.map((circle) => `folders import each other: ${circle}`),
  ...shape.verbs.map((folder) => `${folder}: a folder is named by a noun`),
  ...shape.openings.map((place) => `${place}: a doc comment begins with a noun or a verb`),
  ...shape.homonyms.map((name) => `${name}: a type of this name is exported by more than one file`),
  ...shape.typeNames.map((place) => `${place}: a type is named by a noun`),
)
if (process.argv.includes('--shape')) printShape(shape)

for (const problem of problems) console.error(problem)
console.log(
  problems.length
    ? `layout: ${problems.length} problems`
    : `layout: ${graph.size} files, all in their rooms`,
)
process.exitCode = problems.length ? 1 : 0
