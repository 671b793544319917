import { readdir, readFile, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { Failure } from '../failure.ts'

/** Files put one after the other into one text. */
export interface Sources {
  readonly text: string
  readonly files: readonly string[]
  /** The file that a line (from 1) of the text stands in, and the line there. */
  place(line: number): { readonly file: string; readonly line: number }
}

/**
 * Reads policies: files as they are named, directories as their `*.cedar` in name order. `directory` is where relative paths
 * begin; files are called as they were named.
 */
export async function readSources(directory: string, paths: readonly string[]): Promise<Sources> {
  const files = (await Promise.all(paths.map((path) => filesAt(directory, path)))).flat()
  const starts: { file: string; line: number }[] = []
  let text = ''
  for (const file of new Set(files)) {
    starts.push({ file, line: text.split('\n').length })
    const content = await readFile(resolve(directory, file), 'utf8')
    // A policy or comment must not run on into the next file.
    text += content.endsWith('\n') ? content : `${content}\n`
  }
  return {
    text,
    files: starts.map(({ file }) => file),
    place(line) {
      const start = starts.findLast((each) => each.line <= line)
      return { file: start?.file ?? '', line: line - (start?.line ?? 1) + 1 }
    },
  }
}

async function filesAt(directory: string, path: string): Promise<readonly string[]> {
  const found = await stat(resolve(directory, path)).catch((cause: unknown) => {
    throw new Failure('The policies cannot be read', { detail: `there is no \`${path}\``, cause })
  })
  if (!found.isDirectory()) return [path]
  const names = (await readdir(resolve(directory, path))).filter((name) => name.endsWith('.cedar'))
  if (names.length === 0) {
    throw new Failure('There are no policies', { detail: `\`${path}\` has no file *.cedar` })
  }
  return names.toSorted().map((name) => join(path, name))
}
