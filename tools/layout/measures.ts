// Numbers by which people see where the house grows. None is a limit.
import { readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import type { Source } from './shape.ts'

/** Number by its name, in the order in which they are read. */
export type Measures = Readonly<Record<string, number>>

/** Wings that decide about authority. */
const CENTRE = [
  ...['platform', 'catalog', 'identity', 'policy', 'approvals'],
  ...['tasks', 'grants', 'calls', 'edges'],
]
/** Traces of `docs/architecture.md`. */
const TRACES = ['A gateway call', 'A token exchange', 'An approval']
/** Lines up to which a file and its only importer are read as one. */
const ONE_FILE = 300

const FUNCTION = /^(?:export )?(?:async )?function\*? (\w+)/gm
const WHOLE_PARTS =
  /\b(?:parts|ports)?\w*: (?:Call|Grant|Fact|Task|Approval|Api|Page)Parts\b(?!\[)/g
const IMPORT = /import (?:type )?(?:\w+, )?\{([^}]*)\} from '(\.[^']+)'/g

/** Measures the files in `root`, the folder `src` of a repository. */
export function measuresOf(root: string, sources: readonly Source[]): Measures {
  const files = sources.map(({ file, imports }) => {
    const text = readFileSync(file, 'utf8')
    const parts = relative(root, file).split(sep)
    return { file, imports, text, lines: text.split('\n').length - 1, wing: parts[0] ?? '' }
  })
  const wings = [...new Set(files.map(({ wing }) => wing))].filter((wing) => !wing.endsWith('.ts'))
  const linesOf = (wing: string) =>
    files.filter((each) => each.wing === wing).reduce((sum, { lines }) => sum + lines, 0)
  const faces = facesOf(root, files)
  return {
    files: files.length,
    lines: files.reduce((sum, { lines }) => sum + lines, 0),
    'lines of the centre (the first nine wings)': CENTRE.reduce(
      (sum, wing) => sum + linesOf(wing),
      0,
    ),
    ...Object.fromEntries(wings.map((wing) => [`lines of ${wing}`, linesOf(wing)])),
    ...Object.fromEntries(
      wings.map((wing) => [`names of ${wing} that other wings use`, faces.get(wing)?.size ?? 0]),
    ),
    ...fragments(root, files),
    'function names that stand more than once': repeatedNames(files.map(({ text }) => text)),
    'functions that are handed all parts': files.reduce(
      (sum, { text }) => sum + [...text.matchAll(WHOLE_PARTS)].length,
      0,
    ),
    ...filesOnTraces(root),
  }
}

interface ReadSource extends Source {
  readonly text: string
  readonly lines: number
  readonly wing: string
}

/** Names of each wing that files of other wings import. */
function facesOf(root: string, files: readonly ReadSource[]): Map<string, Set<string>> {
  const faces = new Map<string, Set<string>>()
  for (const { file, text, wing } of files)
    for (const [, list = '', target = ''] of text.matchAll(IMPORT)) {
      const [other = ''] = relative(root, join(file, '..', target)).split(sep)
      if (other === wing || other.endsWith('.ts')) continue
      const face = faces.get(other) ?? new Set<string>()
      for (const each of list.split(',')) {
        const name =
          each
            .trim()
            .replace(/^type /, '')
            .split(' as ')[0] ?? ''
        if (name !== '') face.add(name)
      }
      faces.set(other, face)
    }
  return faces
}

/** Files with one importer, in the folder of that one, that would fit into it. */
function fragments(root: string, files: readonly ReadSource[]): Measures {
  const importers = new Map<string, ReadSource[]>()
  for (const each of files)
    for (const target of new Set(each.imports))
      importers.set(target, [...(importers.get(target) ?? []), each])
  const found = files.filter(({ file, lines }) => {
    const [only, ...more] = importers.get(file) ?? []
    return (
      only !== undefined &&
      more.length === 0 &&
      roomOf(root, only.file) === roomOf(root, file) &&
      lines + only.lines <= ONE_FILE
    )
  })
  return {
    'files that would fit into their only importer': found.length,
    'lines of these': found.reduce((sum, { lines }) => sum + lines, 0),
  }
}

function roomOf(root: string, file: string): string {
  return relative(root, file).split(sep).slice(0, 2).join('/')
}

function repeatedNames(texts: readonly string[]): number {
  const counts = new Map<string, number>()
  for (const text of texts)
    for (const [, name = ''] of text.matchAll(FUNCTION))
      counts.set(name, (counts.get(name) ?? 0) + 1)
  return [...counts.values()].filter((count) => count > 1).length
}

function filesOnTraces(root: string): Measures {
  const page = readFileSync(join(root, '..', 'docs', 'architecture.md'), 'utf8')
  const sections = page.split(/^#{2,3} /m)
  return Object.fromEntries(
    TRACES.map((trace) => {
      const text = sections.find((each) => each.startsWith(`${trace}\n`)) ?? ''
      return [`files of the trace: ${trace}`, new Set(text.match(/\]\([^)]*\.ts\)/g)).size]
    }),
  )
}
