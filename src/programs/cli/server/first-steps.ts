import { listProviders } from '../../../identity/identity-providers/index.ts'
import type { PeopleParts } from '../../../identity/people/index.ts'
import { createSetupLink, hasAdministrator } from '../../../identity/sessions/index.ts'

/** Says to the terminal how the first administrator comes in, and nowhere else: the link makes one, so it is never logged. */
export async function firstSteps(people: PeopleParts, issuer: string): Promise<void> {
  if (await hasAdministrator(people)) return
  if ((await listProviders(people)).length === 0) {
    process.stderr.write(
      'No one can sign in yet: set REMIT_IDP_ISSUER and REMIT_IDP_CLIENT_ID, then start again.\n',
    )
    return
  }
  const { expiresAt, token } = await createSetupLink(people)
  const until = new Date(expiresAt).toISOString().slice(11, 16)
  process.stderr.write(
    `\nThere is no administrator yet. The first person who signs in through this link becomes it (once, until ${until} UTC):\n\n  ${issuer}/setup/${token.reveal()}\n\n`,
  )
}
