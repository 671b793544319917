import { resolve } from 'node:path'
import type { Command } from 'commander'
import { Problem } from '../../../platform/lib/problem.ts'
import { type CommonOptions, hasColour } from '../cli.ts'
import { command } from '../command.ts'
import { CommandExit, CommandFailure } from '../failure.ts'
import { readRelease } from '../installation.ts'
import { systemWorld } from '../system-world.ts'
import type { World } from '../world.ts'

interface DoctorOptions extends CommonOptions {
  readonly backups?: string
  readonly strict?: boolean
}

/** `remit doctor`: faults for production. Exit code: 0 nothing, 1 errors, 2 it could not run. */
export function doctorCommand(): Command {
  return command('doctor', 'Says what is wrong with an installation and how to fix it.', [
    'remit doctor --backups /var/lib/remit-backup   # with the settings of `remit serve`, as its user',
    'remit doctor https://remit.example.com         # only what can be seen from outside',
    'remit doctor --strict --json                   # for CI: warnings count as failures too',
  ])
    .argument('[issuer]', 'a server that runs; without it, the settings in the environment')
    .option('--backups <directory>', 'directory with a directory for each backup')
    .option('--strict', 'exit with 1 for warnings too')
    .action(async (issuer: string | undefined, _options: unknown, invoked: Command) =>
      tellDiagnosis(systemWorld(), issuer, invoked.optsWithGlobals<DoctorOptions>()),
    )
}

/** Examines an installation and prints the result. */
export async function tellDiagnosis(
  world: World,
  issuer: string | undefined,
  { backups, json = false, strict = false }: DoctorOptions,
): Promise<void> {
  const settings = await readOrRefuse(
    issuer === undefined ? world.environment : { REMIT_ISSUER: issuer },
  )
  const { examine, exitOf, reportOf, systemProbes, tableOf } = await import('../../doctor/index.ts')
  const { storageOptions } = await import('../../config/settings.ts')
  const probes = systemProbes()
  const { schema, version } = await readRelease()
  const checks = await examine({
    ...{ settings, probes, version, clock: world.clock, storage: storageOptions(settings) },
    isOutside: issuer !== undefined,
    backups: backups && resolve(world.directory, backups),
  }).finally(() => probes.close())
  const at = new Date(world.clock.now()).toISOString()
  const report = reportOf(checks, { at, issuer: settings.issuer, release: { version, schema } })
  if (json) world.output.write(`${JSON.stringify(report, null, 2)}\n`)
  else
    for (const line of tableOf(report, world.output.width))
      world.output.write(`${line.render(hasColour(world, world.output))}\n`)
  const exit = exitOf(report, strict)
  if (exit !== 0) throw new CommandExit(exit)
}

async function readOrRefuse(environment: World['environment']) {
  const { readSettings } = await import('../../config/settings.ts')
  try {
    return readSettings(environment)
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    const { code, detail } = error
    throw new CommandFailure('The settings cannot be read', { code, detail, exit: 2 })
  }
}
