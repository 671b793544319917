// Measures rooms and writes their scores: `node test/mutation/run.ts [room …]`. Without a room: those that have no score yet.
// `--again` measures only the lines where mutants survived, after tests were added. `--page` only writes the page again. Fails where
// a room is below the aim.
import { spawnSync } from 'node:child_process'
import { ROOMS } from './rooms.ts'
import { AIM, keepScore, percent, readScores, writePage } from './scores.ts'
import { measure, measureAgain } from './stryker.ts'

function commit(): string {
  const git = (...args: string[]) => spawnSync('git', args, { encoding: 'utf8' }).stdout.trim()
  return git('rev-parse', '--short=8', git('merge-base', 'HEAD', 'main') || 'HEAD')
}

const given = process.argv.slice(2).filter((name) => !name.startsWith('-'))
const unknown = given.filter((name) => !Object.hasOwn(ROOMS, name))
if (unknown.length > 0) throw new Error(`no such room: ${unknown.join(', ')}`)
const scores = readScores()
const wanted = given.length > 0 ? given : Object.keys(ROOMS).filter((name) => !scores[name])
if (process.argv.includes('--page')) writePage()
else
  for (const name of wanted) {
    const room = ROOMS[name]
    if (room === undefined) continue
    console.log(`# ${name}`)
    const known = process.argv.includes('--again') ? scores[name] : undefined
    const measured = known ? await measureAgain(room, known) : await measure(room)
    keepScore(name, { ...measured, commit: commit() })
    for (const { file, line, mutator, replacement } of measured.survivors)
      console.log(`survived: ${file}:${line} ${mutator} ${replacement}`)
    console.log(`${name}: ${measured.killed} of ${measured.mutants}, ${percent(measured)} %`)
    if (percent(measured) < AIM) process.exitCode = 1
  }
