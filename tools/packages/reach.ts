// What a program of the server needs: the files that it imports or starts as threads, and packages of others.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { packagesOf } from '../layout/packages.ts'

/** Files of the server by absolute path, and names of packages of others. */
export interface Reach {
  readonly files: ReadonlySet<string>
  readonly packages: ReadonlySet<string>
}

const IMPORTS = /(?:\bfrom|\bimport)\s*\(?\s*'(\.[^']+\.ts)'/g
/** A module that runs in a thread: beside the one that names it. */
const THREADS = [/\bfile: '([\w-]+)'/g, /new URL\(`\.\/([\w-]+)\$\{extname/g]

/** Follows imports and threads from one file. */
export function reachOf(entry: string): Reach {
  const files = new Set<string>([entry])
  const packages = new Set<string>()
  for (const file of files) {
    const text = readFileSync(file, 'utf8')
    for (const name of packagesOf(text)) packages.add(name)
    const named = THREADS.flatMap((form) =>
      [...text.matchAll(form)].map(([, name]) => `${name}.ts`),
    )
    const imported = [...text.matchAll(IMPORTS)].map(([, path = '']) => path)
    for (const path of [...imported, ...named]) {
      const target = join(dirname(file), path)
      if (existsSync(target)) files.add(target)
    }
  }
  return { files, packages }
}
