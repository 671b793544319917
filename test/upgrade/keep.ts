// Keeps a database of the schema of a commit, on both engines, for `schemas.slow.test.ts`: `node test/upgrade/keep.ts COMMIT`.
// It checks the commit out beside this folder, runs `make.ts` there, and writes `kept/NUMBER-COMMIT.ENGINE.json.gz`. Commits from
// before `make.ts` get the one from here.
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { postgres } from '../../tools/postgres.ts'

const root = join(import.meta.dirname, '..', '..')
const git = (...args: string[]) =>
  execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })

const commit = git('rev-parse', '--short=8', process.argv[2] ?? 'HEAD').trim()
const folder = mkdtempSync(join(tmpdir(), 'remit-keep-'))
const checkout = join(folder, 'checkout')
git('worktree', 'add', '--detach', checkout, commit)
const server = await postgres()
try {
  cpSync(join(root, 'node_modules'), join(checkout, 'node_modules'), {
    recursive: true,
    verbatimSymlinks: true,
  })
  const place = join(checkout, 'test', 'upgrade')
  if (!existsSync(join(place, 'make.ts')))
    for (const name of ['make.ts', 'kept-database.ts'])
      cpSync(join(import.meta.dirname, name), join(place, name))
  // A commit from before 0148 has its rooms in no wing.
  const migrate = ['src/platform/storage/migrate.ts', 'src/storage/migrate.ts']
    .map((file) => join(checkout, file))
    .find(existsSync)
  const { neededSchema } = await import(pathToFileURL(migrate ?? '').href)
  const number = String(neededSchema()).padStart(4, '0')
  for (const engine of ['sqlite', 'postgres']) {
    const name = `${number}-${commit}.${engine}.json.gz`
    execFileSync(
      process.execPath,
      [join(place, 'make.ts'), engine, join(import.meta.dirname, 'kept', name)],
      {
        cwd: checkout,
        env: { ...process.env, TEST_POSTGRES_URL: server.url },
        stdio: 'inherit',
      },
    )
    process.stdout.write(`${name}\n`)
  }
} finally {
  await server.stop()
  git('worktree', 'remove', '--force', checkout)
  rmSync(folder, { recursive: true, force: true })
}
