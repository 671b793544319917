import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { UnavailableSource } from './counterpart.ts'
import { cacheFolder } from './download.ts'
import { needProgram } from './program.ts'

/** A Python of this machine. */
export interface Python {
  readonly program: string
  /** `3.13` */
  readonly version: string
}

/** Every Python 3 of this machine from one minor version to another, the oldest first. */
export function pythons({
  from,
  to,
}: {
  readonly from: number
  readonly to: number
}): readonly Python[] {
  const minors = Array.from({ length: to - from + 1 }, (_, i) => from + i)
  const kept = globSync(
    join(process.env.PYENV_ROOT ?? join(homedir(), '.pyenv'), 'versions/*/bin/python'),
  )
  const found = new Map<number, string>()
  for (const program of [...kept, ...minors.map((minor) => `python3.${minor}`), 'python3']) {
    const minor = Number(/^Python 3\.(\d+)\./.exec(run(program, ['--version']).stdout ?? '')?.[1])
    if (minors.includes(minor) && !found.has(minor)) found.set(minor, program)
  }
  return minors.flatMap((minor) => {
    const program = found.get(minor)
    return program === undefined ? [] : [{ program, version: `3.${minor}` }]
  })
}

/** Limit of the installation of one program with all that it needs, in ms. */
const MAX_INSTALL_MS = 240_000

/**
 * A virtual environment with the Python program `name`, kept in the cache. Answers its folder of programs.
 * Of the Python given; default: the one that `python3` is.
 * INVARIANT: every package in it has a version and a digest that `requirements` pins, whoever served it.
 * Throws `UnavailableSource` when this machine reaches no source of it.
 */
export async function fromPip(name: string, requirements: string, given?: Python): Promise<string> {
  if (!given) needProgram('python3', 'python3')
  const program = given?.program ?? 'python3'
  const folder = join(cacheFolder(), 'python', name)
  const stamp = join(folder, '.installed')
  const python = run(program, ['--version']).stdout.trim()
  const pins = createHash('sha256').update(readFileSync(requirements)).digest('hex')
  const installed = `${pins} ${python}`
  const programs = join(folder, 'bin')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === installed) return programs
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  const made = run(program, ['-m', 'venv', folder])
  if (made.status !== 0)
    throw new UnavailableSource(
      `\`python3 -m venv\` fails; Debian's package python3-venv has what it needs: ${lastLine(made.stderr)}`,
    )
  install(join(programs, 'pip'), requirements)
  writeFileSync(stamp, installed)
  return programs
}

function install(pip: string, requirements: string): void {
  // No package runs a program of its own to be installed.
  const only = ['--require-hashes', '--only-binary=:all:', '--no-deps']
  const quiet = ['--quiet', '--no-input', '--disable-pip-version-check']
  const { status, stderr } = run(pip, ['install', ...quiet, ...only, '-r', requirements])
  if (status === 0) return
  if (stderr.includes('DO NOT MATCH THE HASHES')) throw new Error(stderr)
  const why = stderr.split('\n').find((line) => line.startsWith('ERROR')) ?? 'no answer'
  throw new UnavailableSource(`pip could not bring it: ${why.slice(0, 200)}`)
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? ''
}

function run(program: string, args: readonly string[]) {
  return spawnSync(program, args, { encoding: 'utf8', timeout: MAX_INSTALL_MS })
}
