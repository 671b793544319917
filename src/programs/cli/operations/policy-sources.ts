import { readdir, readFile, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { SourceFile, TestSource } from '../../../policy/policy/index.ts'
import { CommandFailure } from '../failure.ts'

/** Files put one after the other into one text, and the tests that come with them. */
export interface Sources {
  readonly text: string
  readonly files: readonly string[]
  /** Files, each with the line of the text that it begins in. */
  readonly starts: readonly SourceFile[]
  /** `undefined`: there is no place for tests beside the policies. */
  readonly tests: readonly TestSource[] | undefined
  /** The file that a line (from 1) of the text stands in, and the line there. */
  place(line: number): { readonly file: string; readonly line: number }
}

/** Directory of tests, beside the policies in a directory. */
const TESTS = 'tests'

/**
 * Reads policies: files as they are named, directories as their `*.cedar` and `*.links` in name order, with the tests (`tests/*.yaml`) beside them.
 * Files that end in `.yaml` are tests. `directory` is where relative paths begin; files are called as they were named.
 */
export async function readSources(directory: string, paths: readonly string[]): Promise<Sources> {
  const [testPaths, policyPaths] = apart(paths)
  const files = (await Promise.all(policyPaths.map((path) => filesAt(directory, path)))).flat()
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
    starts,
    tests: await readTests(directory, policyPaths, testPaths),
    place(line) {
      const start = starts.findLast((each) => each.line <= line)
      return { file: start?.file ?? '', line: line - (start?.line ?? 1) + 1 }
    },
  }
}

async function filesAt(directory: string, path: string): Promise<readonly string[]> {
  const found = await stat(resolve(directory, path)).catch((cause: unknown) => {
    throw new CommandFailure('The policies cannot be read', {
      detail: `there is no \`${path}\``,
      cause,
    })
  })
  if (!found.isDirectory()) return [path]
  const names = (await readdir(resolve(directory, path))).filter((name) =>
    /\.(cedar|links)$/.test(name),
  )
  if (names.length === 0) {
    throw new CommandFailure('There are no policies', { detail: `\`${path}\` has no file *.cedar` })
  }
  return names.toSorted().map((name) => join(path, name))
}

function apart(paths: readonly string[]): readonly [readonly string[], readonly string[]] {
  const isTest = (path: string) => /\.ya?ml$/.test(path)
  return [paths.filter(isTest), paths.filter((path) => !isTest(path))]
}

async function readTests(
  directory: string,
  policyPaths: readonly string[],
  testPaths: readonly string[],
): Promise<readonly TestSource[] | undefined> {
  const beside = await Promise.all(policyPaths.map((path) => testsBeside(directory, path)))
  const files = [...beside.flatMap((each) => each ?? []), ...testPaths]
  if (testPaths.length === 0 && beside.every((each) => each === undefined)) return undefined
  return Promise.all(
    [...new Set(files)].map(async (file) => ({
      file,
      text: await readFile(resolve(directory, file), 'utf8').catch((cause: unknown) => {
        throw new CommandFailure('The tests cannot be read', {
          detail: `there is no \`${file}\``,
          cause,
        })
      }),
    })),
  )
}

/** `undefined`: the path is a file, or a directory without one for tests. */
async function testsBeside(
  directory: string,
  path: string,
): Promise<readonly string[] | undefined> {
  const place = join(path, TESTS)
  const names = await readdir(resolve(directory, place)).catch(() => undefined)
  return names
    ?.filter((name) => /\.ya?ml$/.test(name))
    .toSorted()
    .map((name) => join(place, name))
}
