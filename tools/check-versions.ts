// The version is the same wherever it is written, and CHANGELOG.md has it. `--release TAG`: it is released now, by this tag; prints what
// CHANGELOG says of it.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { versionProblems, whatChanged } from './versions.ts'

const root = join(import.meta.dirname, '..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const changelog = read('CHANGELOG.md')
const [option, tag] = process.argv.slice(2)
const problems = versionProblems(read, option === '--release' ? (tag ?? '') : undefined)
for (const problem of problems) console.error(problem)
if (option === '--release' && problems.length === 0)
  console.log(whatChanged(changelog, (tag ?? '').slice(1)))
else if (problems.length === 0) console.log('versions: all files say the same')
process.exitCode = problems.length > 0 ? 1 : 0
