import { ledgerOrigin, sealCheck } from '../../platform/ledger/index.ts'
import { type Diagnosis, failed, notApplicable, ok, warning } from '../../platform/lib/diagnosis.ts'
import { utcMinute } from '../../platform/lib/duration.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { systemRandom } from '../../platform/lib/random.ts'
import { isLoopback } from '../../platform/lib/setting.ts'
import type { ExaminedModule } from '../module.ts'
import { type ArchiveState, examineArchive } from './examine.ts'
import { openPlace } from './places/open-place.ts'
import { segmentsUntil } from './segment-store.ts'
import type { ARCHIVE_SETTINGS } from './settings.ts'

type ExaminedArchive = ExaminedModule<typeof ARCHIVE_SETTINGS>

const DAY = 86_400_000
/** Days that the archive may be behind: a bundle leaves when its newest record is old enough. */
const MAX_BEHIND = 7
/** Limit of one try, of which there are four, in milliseconds. */
const PATIENCE = 2_000

/** Checks whether the records that left the database are there, and whether more can leave. */
export async function checkArchive(installation: ExaminedArchive): Promise<Diagnosis> {
  const { clock, database, settings } = installation
  const wait = async () => {}
  const place = openPlace(settings, { clock, random: systemRandom, wait, patienceMs: PATIENCE })
  const { read } = await database()
  try {
    if (!place) {
      const sealed = await segmentsUntil(read, Number.MAX_SAFE_INTEGER)
      return sealed.length === 0
        ? notApplicable('There is no archive.')
        : failed('Records left the database, and no archive is set.', 'Set REMIT_ARCHIVE.')
    }
    const keys = await read
      .selectFrom('signing_keys')
      .select('public_jwk')
      .where('purpose', '=', 'ledger')
      .execute()
    const check = sealCheck(read, {
      origin: ledgerOrigin(settings.issuer),
      publicJwks: keys.map((key) => key.public_jwk),
    })
    return diagnosisOf(installation, await examineArchive(read, place, check), place.where)
  } catch (error) {
    if (!(error instanceof Problem && error.code.startsWith('archive.'))) throw error
    return failed(`${place?.where}: ${told(error)}.`, FIXES[error.code] ?? '')
  } finally {
    await place?.close()
  }
}

const FIXES: Readonly<Record<string, string>> = {
  'archive.damaged': 'Put the file back from a copy of the archive.',
  'archive.other_content': 'Give each ledger an archive of its own.',
  'archive.unreachable': 'See the page of the problem `archive.unreachable`.',
}

/** Detail of a problem, without the place, which is said before it. */
function told({ detail }: Problem): string {
  return detail.replace(/^[^ ]+(?: at [^ ]+)?: /, '')
}

function diagnosisOf(
  { clock, settings }: ExaminedArchive,
  { heldBy, keepsFiles, oldestHere, sealed }: ArchiveState,
  where: string,
): Diagnosis {
  const days = settings.archiveAfterDays
  const behind =
    days === 0 || oldestHere === undefined ? 0 : Math.floor((clock.now() - oldestHere) / DAY) - days
  if (behind > MAX_BEHIND && heldBy.length > 0)
    return warning(
      `The archive is ${behind} days behind: ${heldBy.join(', ')} holds records of ${utcMinute(oldestHere ?? 0)}, and all later ones wait behind them.`,
      'Lift the hold when the matter is over (`remit retention lift`), and watch the room on the disk until then.',
    )
  if (behind > MAX_BEHIND)
    return warning(
      `The archive is ${behind} days behind: records of ${utcMinute(oldestHere ?? 0)} are in the database.`,
      'Is a server running? Its log says why they do not leave.',
    )
  if (!keepsFiles)
    return warning(
      `${where} replaces files: it does not know \`If-None-Match\`.`,
      'Give the key to no one else, and switch on versions or locks of the bucket.',
    )
  const endpoint = settings.archive?.startsWith('s3://') ? settings.archiveEndpoint : undefined
  if (endpoint?.startsWith('http://') && !isLoopback(new URL(endpoint).hostname))
    return warning(`Records go to ${where} unencrypted.`, 'Give the store a certificate.')
  return ok(
    sealed === 0
      ? `${where} can be written; nothing is sealed in it yet.`
      : `${sealed} records are sealed in ${where}, and the last segment is as it was signed.`,
  )
}
