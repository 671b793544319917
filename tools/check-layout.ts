// How the house is laid out: rooms are entered through their index, packages are listed, folders and types are named by nouns.
// Which wing uses which is in `tools/wings/edges.mjs`. `--shape` (`npm run shape`) prints the numbers of the house, which people
// look at; no number fails.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { measuresOf } from './layout/measures.ts'
import { type PackageFile, strayPackages } from './layout/packages.ts'
import { printShape } from './layout/print-shape.ts'
import { shapeOf } from './layout/shape.ts'

/** Rooms that are sets of small parts, imported one by one; every other room is entered through its index. */
const WITHOUT_INDEX = new Set([
  'platform/lib',
  'console/api-operations',
  'console/operation-kit',
  'programs/config',
  'programs/processes',
  'programs/cli',
  'programs/dev',
  '.',
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

/** Room of a file of the server, as `wing/room`; `.` for what puts everything together. */
function roomOf(root: string, file: string): string {
  const parts = relative(root, file).split(sep)
  return parts.length > 2 ? parts.slice(0, 2).join('/') : '.'
}

function checkEdge(root: string, file: string, target: string): void {
  const name = relative(repository, file)
  const to = roomOf(root, target)
  if (to === roomOf(root, file) || WITHOUT_INDEX.has(to)) return
  if (!/[\\/](index|module|commands|operations|acts|testing)\.ts$/.test(target))
    problems.push(`${name}: enter ${to} through its index.ts, not ${relative(root, target)}`)
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
    if (tree.root.endsWith('engine') && !isTest(file)) {
      for (const target of targets)
        if (!target.startsWith('.')) problems.push(`${name}: engine imports nothing (${target})`)
    }
    return
  }
  if (isTest(file)) return
  for (const target of local) checkEdge(tree.root, file, target)
}

function asPackageFile(file: string): PackageFile {
  const name = relative(repository, file)
  return {
    name,
    text: readFileSync(file, 'utf8'),
    imports: (graph.get(file) ?? []).map((target) => relative(repository, target)),
    forDevelopment: isTest(file) || name.startsWith(join('src', 'programs', 'dev', sep)),
  }
}

for (const tree of TREES) {
  const files = sources(tree.root)
  for (const file of files) checkFile(tree, file)
  const packageRoot = tree.workspace ? tree.root : repository
  problems.push(...strayPackages(packageRoot, files.map(asPackageFile)))
}

const house = join(repository, 'src')
const isOfHouse = (file: string) => file.startsWith(house + sep) && !isTest(file)
const own = [...graph]
  .filter(([file]) => isOfHouse(file))
  .map(([file, imports]) => ({ file, imports }))
const shape = shapeOf(house, own, [
  ...[...graph.keys()].filter((file) => !isOfHouse(file)),
  ...['test', 'bench', 'tools', 'examples'].flatMap((name) => sources(join(repository, name))),
])
problems.push(
  ...shape.circles.map((circle) => `folders import each other: ${circle}`),
  ...shape.verbs.map((folder) => `${folder}: a folder is named by a noun`),
  ...shape.openings.map((place) => `${place}: a doc comment begins with a noun or a verb`),
  ...shape.homonyms.map((name) => `${name}: a type of this name is exported by more than one file`),
  ...shape.typeNames.map((place) => `${place}: a type is named by a noun`),
)
if (process.argv.includes('--shape')) printShape(shape, measuresOf(house, own))

for (const problem of problems) console.error(problem)
console.log(
  problems.length
    ? `layout: ${problems.length} problems`
    : `layout: ${graph.size} files, all in their rooms`,
)
process.exitCode = problems.length ? 1 : 0
