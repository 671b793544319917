// What a program of the server needs: the files that it imports or starts as threads, and packages of others.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { packagesOf } from '../layout/packages.ts'

/** A program and the modules that run in threads of it, by absolute path, and names of packages of others. */
export interface Reach {
  readonly entry: string
  readonly threads: ReadonlySet<string>
  readonly packages: ReadonlySet<string>
}

const IMPORTS = /(?:\bfrom|\bimport)\s*\(?\s*'(\.[^']+\.ts)'/g
/** A module that runs in a thread: beside the one that names it. */
const THREADS = [/\bfile: '([\w/-]+)'/g, /new URL\(`\.\/([\w-]+)\$\{extname/g]

/** Follows imports and threads from one file. */
export function reachOf(entry: string): Reach {
  const files = new Set<string>([entry])
  const threads = new Set<string>()
  const packages = new Set<string>()
  for (const file of files) {
    const text = readFileSync(file, 'utf8')
    for (const name of packagesOf(text)) packages.add(name)
    const beside = (form: RegExp, extension = '') =>
      [...text.matchAll(form)]
        .map(([, name = '']) => join(dirname(file), name + extension))
        .filter((path) => existsSync(path))
    const named = THREADS.flatMap((form) => beside(form, '.ts'))
    for (const path of named) threads.add(path)
    for (const path of [...beside(IMPORTS), ...named]) files.add(path)
  }
  return { entry, threads, packages }
}
