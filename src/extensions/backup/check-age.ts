import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Diagnosis, failed, ok, unknown, warning } from '../../platform/lib/diagnosis.ts'
import { utcMinute } from '../../platform/lib/duration.ts'
import { isObject, type JsonObject, parseJson } from '../../platform/lib/json.ts'
import { HOUR } from '../../platform/lib/time-units.ts'
import type { ExaminedModule } from '../module.ts'

/** Age of the newest backup, with backups every night. */
const MAX_AGE = 26 * HOUR
/** Most directories that are looked at, the newest names first. */
const MAX_LOOKED_AT = 1_000
/** Largest manifest that is read. */
const MAX_BYTES = 1_048_576

/** Checks whether there is something to restore. */
export async function checkBackupAge({
  backups,
  clock,
  settings: { issuer },
}: ExaminedModule): Promise<Diagnosis> {
  if (backups === undefined) return unknown('Name the directory of the backups with `--backups`.')
  const newest = Math.max(...(await takenIn(backups, issuer)))
  if (!Number.isFinite(newest))
    return failed(
      `There is no backup of ${issuer} in ${backups}.`,
      'Run `remit backup` every night.',
    )
  const says = `The newest backup in ${backups} is of ${utcMinute(newest)}.`
  return clock.now() - newest > MAX_AGE ? warning(says, 'See why there is no newer one.') : ok(says)
}

/** Times of the finished backups of an issuer, epoch milliseconds. Whether they can be restored is for `remit restore --check`. */
async function takenIn(directory: string, issuer: string): Promise<readonly number[]> {
  const names = (await readdir(directory)).toSorted().toReversed().slice(0, MAX_LOOKED_AT)
  const times: number[] = []
  for (const name of names) {
    const manifest = await manifestIn(join(directory, name, 'manifest.json'))
    if (manifest?.get('issuer') === issuer) times.push(Date.parse(String(manifest.get('taken_at'))))
  }
  return times.filter((time) => !Number.isNaN(time))
}

async function manifestIn(path: string): Promise<JsonObject | undefined> {
  try {
    const file = await stat(path)
    if (!file.isFile() || file.size > MAX_BYTES) return undefined
    const manifest = parseJson(await readFile(path, 'utf8'))
    return isObject(manifest) ? manifest : undefined
  } catch {
    return undefined // Not a backup, or one that was not finished.
  }
}
