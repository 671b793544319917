// Packages of others: production imports what `dependencies` lists, and that list has nothing else.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** One file of a package of ours. */
export interface PackageFile {
  /** Path, as problems name it. */
  readonly name: string
  readonly text: string
  /** The files of ours that it imports, by name. */
  readonly imports: readonly string[]
  /** Tests and the samples of `remit dev`. They run in a checkout, where everything is installed. */
  readonly forDevelopment: boolean
}

const IMPORTS = [
  /^(?:import|export|\})(?:[^'"\n]*\sfrom)?\s'([^']+)'/gm,
  /\b(?:import|import\.meta\.resolve|require|createRequire\(import\.meta\.url\))\(\s*'([^']+)'/g,
]

/** Our package of the samples, made of sources here: `remit dev` finds it where it is installed, and says so where it is not. */
export const SAMPLES = '@remit/dev'

/** Packages of others that a file imports, types included; a path inside a package counts for it. */
export function packagesOf(text: string): string[] {
  return IMPORTS.flatMap((form) => [...text.matchAll(form)].map(([, target = '']) => target))
    .filter((target) => !target.startsWith('.') && !target.startsWith('node:'))
    .map((target) => target.split('/', target.startsWith('@') ? 2 : 1).join('/'))
    .filter((name) => name !== SAMPLES)
}

/** Compares a package of ours with `dependencies` in its `package.json`: a line for each difference. */
export function strayPackages(root: string, files: readonly PackageFile[]): string[] {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const listed = new Set(Object.keys(manifest.dependencies ?? {}))
  const production = files.filter(({ forDevelopment }) => !forDevelopment)
  const imported = new Set(production.flatMap(({ text }) => packagesOf(text)))
  const samples = unlisted(files, listed)
  return [
    ...production.flatMap(({ name, text, imports }) => [
      ...packagesOf(text)
        .filter((other) => !listed.has(other))
        .map((other) => `${name}: ${other} is not in \`dependencies\``),
      ...imports
        .filter((target) => samples.has(target))
        .map((target) => `${name}: ${target} needs a package that is not in \`dependencies\``),
    ]),
    ...[...listed]
      .filter((other) => !imported.has(other))
      .map(
        (other) =>
          `package.json: ${other} is in \`dependencies\`, and production imports it nowhere`,
      ),
  ]
}

/** Names of the files for development that need, themselves or by what they import, a package that is not listed. */
function unlisted(files: readonly PackageFile[], listed: ReadonlySet<string>): Set<string> {
  const development = files.filter(({ forDevelopment }) => forDevelopment)
  const found = new Set<string>()
  let before: number
  do {
    before = found.size
    for (const { name, text, imports } of development) {
      const needs = packagesOf(text).some((other) => !listed.has(other))
      if (needs || imports.some((target) => found.has(target))) found.add(name)
    }
  } while (found.size > before)
  return found
}
