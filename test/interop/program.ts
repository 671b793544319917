import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { UnavailableSource } from './counterpart.ts'

/** Limit of the installation of one package, in ms. */
const MAX_LENGTH = 120_000

/** Options of Go for a program that runs once: to compile what it is made of takes far longer than to run it. */
export const QUICKLY = ['-gcflags=all=-N -l', '-ldflags=-s -w']

/** A program of the machine; where it is absent, the Debian package that has it is installed. Throws `UnavailableSource`. */
export function needProgram(program: string, debianPackage: string): void {
  if (isThere(program)) return
  const root = process.getuid?.() === 0
  if (!root || !isThere('apt-get'))
    throw new UnavailableSource(
      `there is no \`${program}\`; Debian's package ${debianPackage} has it, and only root can install it`,
    )
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const apt = (...args: string[]) =>
    spawnSync('apt-get', ['-qq', ...args], { env, timeout: MAX_LENGTH, stdio: 'ignore' }).status ===
    0
  const install = () => apt('install', '-y', '--no-install-recommends', debianPackage)
  if (!(install() || (apt('update') && install())) || !isThere(program))
    throw new UnavailableSource(`Debian's package ${debianPackage} could not be installed`)
}

function isThere(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' }).status === 0
}

/** Limit of one run of a program that reads lines, in ms. */
const MAX_RUN_MS = 120_000

/** Answers of a program that reads lines and answers each with a line of JSON. */
export function linesAnswered(
  program: string,
  args: readonly string[],
  lines: readonly string[],
): readonly string[] {
  const ran = spawnSync(program, args, {
    input: `${lines.join('\n')}\n`,
    encoding: 'utf8',
    timeout: MAX_RUN_MS,
    maxBuffer: 64 * 1024 * 1024,
  })
  assert.equal(ran.status, 0, ran.stderr)
  const answers = ran.stdout.trimEnd().split('\n')
  assert.equal(answers.length, lines.length)
  return answers
}
