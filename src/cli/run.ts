import { CommanderError } from 'commander'
import { CommandExit } from './failure.ts'
import { createProgram } from './program.ts'
import { asFailure, tellFailure } from './tell-failure.ts'
import type { World } from './world.ts'

/** Runs one command line. Answers the exit code: 0 done, 1 refused or failed, 2 not understood. */
export async function run(args: readonly string[], world: World): Promise<number> {
  try {
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

/** Turns no arguments at all, and `help agents add`, into questions for help. */
function withHelp(args: readonly string[]): string[] {
  if (args.length === 0) return ['--help']
  return args[0] === 'help' ? [...args.slice(1), '--help'] : [...args]
}
