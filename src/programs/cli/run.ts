import { CommanderError } from 'commander'
import { CommandExit } from './failure.ts'
import { readRelease } from './installation.ts'
import { createProgram } from './program.ts'
import { asFailure, tellFailure } from './tell-failure.ts'
import type { World } from './world.ts'

/** Runs one command line. Answers the exit code: 0 done, 1 refused or failed, 2 not understood. */
export async function run(args: readonly string[], world: World): Promise<number> {
  try {
    if (args.includes('--version')) return await tellRelease(world, args.includes('--json'))
    const line = withHelp(args)
    const program = await createProgram(world, line)
    await program.parseAsync(line, { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof CommandExit) return error.exit
    // Commander has said already what it did not understand, or has shown its help.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    const failure = asFailure(error)
    await tellFailure(world, failure, args.includes('--json'))
    if (world.environment.NODE_DEBUG === 'remit' && failure.cause instanceof Error) {
      world.talk.write(`${failure.cause.stack}\n`)
    }
    return failure.exit
  }
}

/** `remit --version`. */
async function tellRelease(world: World, json: boolean): Promise<0> {
  const release = await readRelease()
  const { version, commit = 'unknown', schema } = release
  const words = `remit ${version} (commit ${commit.slice(0, 12)}, schema ${schema})`
  world.output.write(`${json ? JSON.stringify(release, null, 2) : words}\n`)
  return 0
}

/** Turns no arguments at all, and `help agents add`, into questions for help. */
function withHelp(args: readonly string[]): string[] {
  if (args.length === 0) return ['--help']
  return args[0] === 'help' ? [...args.slice(1), '--help'] : [...args]
}
