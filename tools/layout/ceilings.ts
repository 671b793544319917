// Ceilings of what `shape.ts` measures: they only fall. `node tools/check-layout.ts --lower` writes what is measured where it is less.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Shape } from './shape.ts'

type Ceilings = Omit<Shape, 'circles' | 'verbs' | 'openings' | 'typeNames'>

const FILE = join(import.meta.dirname, 'ceilings.json')

/** Lists what is above its ceiling, a line each. */
export function aboveCeilings(shape: Shape): string[] {
  const most = read()
  return [
    ...shape.circles.map((circle) => `folders import each other: ${circle}`),
    ...shape.verbs.map((folder) => `${folder}: a folder is named by a noun`),
    ...shape.openings.map((place) => `${place}: a doc comment begins with a noun or a verb`),
    ...shape.typeNames.map((place) => `${place}: a type is named by a noun`),
    ...overEach(shape.names, most.names, 'names in the index of'),
    ...overEach(shape.lines, most.lines, 'lines in'),
    ...over(shape.homonyms, most.homonyms, 'type names that are exported by more than one file'),
    ...over(shape.smallFolders, most.smallFolders, 'folders of one or two files'),
    ...over(shape.shortFiles, most.shortFiles, 'files of under 15 lines'),
  ]
}

function overEach(
  found: Readonly<Record<string, number>>,
  most: Readonly<Record<string, number>>,
  what: string,
): string[] {
  return Object.entries(found).flatMap(([room, count]) =>
    over(count, most[room] ?? 0, `${what} ${room}`),
  )
}

function over(found: number, most: number, what: string): string[] {
  return found > most ? [`${found} ${what}, ${most} at most: a ceiling only falls`] : []
}

/** Lowers what fell, and raises nothing. */
export function lower(found: Shape): void {
  const most = existsSync(FILE) ? read() : found
  const fallen = (a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>) =>
    Object.fromEntries(
      Object.entries(a)
        .filter(([room]) => room in b)
        .map(([room, count]) => [room, Math.min(count, b[room] ?? count)]),
    )
  const next: Ceilings = {
    names: fallen(most.names, found.names),
    lines: fallen(most.lines, inSteps(found.lines)),
    homonyms: Math.min(most.homonyms, found.homonyms),
    smallFolders: Math.min(most.smallFolders, found.smallFolders),
    shortFiles: Math.min(most.shortFiles, found.shortFiles),
  }
  writeFileSync(FILE, `${JSON.stringify(next, undefined, 2)}\n`)
}

/** Lines come and go with every change: a ceiling is the next multiple of this. */
const LINES_STEP = 500

function inSteps(lines: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(lines).map(([room, count]) => [
      room,
      Math.ceil(count / LINES_STEP) * LINES_STEP,
    ]),
  )
}

function read(): Ceilings {
  return JSON.parse(readFileSync(FILE, 'utf8')) as Ceilings // as: written by `lower`, and checked in
}
