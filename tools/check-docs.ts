// Documentation that code can contradict is checked against it: problem pages against the catalogue, relative links
// and paths of code against files, the OpenAPI document against the routes.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PROBLEMS } from '../src/platform/lib/problem.ts'
import { MODULES } from '../src/programs/modules.ts'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const problems: string[] = []

function checkProblemPages(): void {
  const folder = join(root, 'docs', 'problems')
  const pages = new Set(
    readdirSync(folder)
      .filter((name) => name.endsWith('.md') && name !== 'README.md')
      .map((name) => name.slice(0, -3)),
  )
  const own = MODULES.flatMap((each) => Object.entries(each.problems ?? {}))
  for (const [code, { status, title }] of [...Object.entries(PROBLEMS), ...own]) {
    if (!pages.delete(code)) {
      problems.push(`docs/problems/${code}.md is missing`)
      continue
    }
    const text = readFileSync(join(folder, `${code}.md`), 'utf8')
    if (!text.startsWith(`# ${code}\n`))
      problems.push(`docs/problems/${code}.md: the heading is not the code`)
    if (!text.includes(`**Status** ${status} · **Title** ${title}\n`)) {
      problems.push(
        `docs/problems/${code}.md: should say "**Status** ${status} · **Title** ${title}"`,
      )
    }
    if (!text.includes('## What to do'))
      problems.push(`docs/problems/${code}.md: does not say what to do`)
  }
  for (const page of pages) problems.push(`docs/problems/${page}.md: no such code`)
}

/** The parts are spread into one catalogue, where a code that stands in two of them would be lost without a word. So would one of a module. */
async function checkProblemParts(): Promise<void> {
  const folder = join(root, 'src', 'platform', 'lib', 'problems')
  const where = new Map<string, string>()
  const note = (name: string, codes: readonly string[]) => {
    if (codes.toSorted().join() !== codes.join()) problems.push(`${name}: the codes are not sorted`)
    for (const code of codes) {
      const other = where.get(code)
      if (other) problems.push(`${name}: ${code} is in ${other}, too`)
      where.set(code, name)
    }
  }
  for (const name of readdirSync(folder)) {
    const parts: Record<string, Record<string, unknown>> = await import(join(folder, name))
    for (const part of Object.values(parts))
      note(`src/platform/lib/problems/${name}`, Object.keys(part))
  }
  for (const code of where.keys())
    if (!(code in PROBLEMS)) problems.push(`src/platform/lib/problem.ts lacks the part of ${code}`)
  for (const each of MODULES) note(`the module ${each.name}`, Object.keys(each.problems ?? {}))
}

const NOT_OURS = new Set(['node_modules', 'dist'])

function markdownFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name.startsWith('.') || NOT_OURS.has(entry.name)) return []
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return markdownFiles(path)
    return entry.name.endsWith('.md') ? [path] : []
  })
}

/** Anchors of a page's headings, as GitHub makes them. */
function anchorsOf(path: string): ReadonlySet<string> {
  const text = readFileSync(path, 'utf8').replaceAll(/```[\s\S]*?```/g, '')
  return new Set(
    [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
}

function checkLinks(): void {
  for (const file of markdownFiles(root)) {
    const text = readFileSync(file, 'utf8').replaceAll(/```[\s\S]*?```/g, '')
    for (const match of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      const [target = '', anchor] = (match[1] ?? '').split('#')
      if (/^[a-z]+:/.test(target)) continue
      const path = target === '' ? file : resolve(dirname(file), target)
      if (!existsSync(path)) problems.push(`${relative(root, file)}: broken link ${target}`)
      else if (anchor && path.endsWith('.md') && !anchorsOf(path).has(anchor))
        problems.push(`${relative(root, file)}: ${match[1]} leads to no heading`)
    }
  }
}

/** Methods of MCP that look like paths. */
const MCP_METHODS = new Set(['tools/call', 'tools/list'])

/** Paths that pages name as code, such as `src/edges/oauth/token.ts`. Decision records and results tell of their own time. */
function checkPaths(): void {
  for (const file of markdownFiles(root)) {
    const name = relative(root, file)
    if (/^(?:CHANGELOG\.md|docs\/decisions\/|bench\/results\/)/.test(name)) continue
    const paths = readFileSync(file, 'utf8').matchAll(
      /`((?:src|engine|sdk|verifier|pkcs11|test|tools|docs|policies|examples|bench)\/[\w./-]*)`/g,
    )
    for (const [, path = ''] of paths)
      if (!MCP_METHODS.has(path) && !existsSync(join(root, path)))
        problems.push(`${name}: there is no ${path}`)
  }
}

/** The index names every page, except those that have an index of their own. */
function checkIndex(): void {
  const folder = join(root, 'docs')
  const index = readFileSync(join(folder, 'README.md'), 'utf8')
  for (const file of markdownFiles(folder)) {
    const name = relative(folder, file)
    if (/^(?:README\.md$|(?:problems|decisions|flows)\/)/.test(name)) continue
    if (!index.includes(`](${name}`)) problems.push(`docs/README.md does not name ${name}`)
  }
}

const ROW = /^\| \[(\d{4}) [^\]]+\]\(([^)]+)\) \| .+ \| (.+) \|$/gm
const STATE = /^(?:in force|(?:in part )?replaced by (?:\[\d{4}\]\([^)]+\)(?:, )?)+)$/

/** The index has each record once, with its state; a record that was replaced names by what. */
function checkDecisions(): void {
  const folder = join(root, 'docs', 'decisions')
  const records = new Set(readdirSync(folder).filter((name) => /^\d/.test(name)))
  const index = readFileSync(join(folder, 'README.md'), 'utf8')
  for (const [, number = '', name = '', state = ''] of index.matchAll(ROW)) {
    if (!name.startsWith(`${number}-`) || !records.delete(name)) {
      problems.push(`docs/decisions/README.md: ${number} is no record, or is there twice`)
      continue
    }
    if (!STATE.test(state)) problems.push(`docs/decisions/README.md: what state is "${state}"?`)
    const text = readFileSync(join(folder, name), 'utf8')
    for (const [, by = ''] of state.matchAll(/\]\(([^)]+)\)/g))
      if (!text.includes(`](${by})`)) problems.push(`docs/decisions/${name} does not name ${by}`)
  }
  for (const name of records) problems.push(`docs/decisions/README.md does not have ${name}`)
}

checkProblemPages()
await checkProblemParts()
checkLinks()
checkPaths()
checkIndex()
checkDecisions()
for (const problem of problems) console.error(problem)
console.log(
  problems.length
    ? `docs: ${problems.length} problems`
    : 'docs: pages and links agree with the code',
)
process.exitCode = problems.length ? 1 : 0
