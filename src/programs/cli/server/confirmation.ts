import { CommandFailure } from '../failure.ts'

/** An act that waits for the person's yes on a page (contract 10). Nothing was done yet. */
export interface ConfirmationJson {
  readonly id: string
  readonly url: string
  /** RFC 3339. */
  readonly expires_at: string
}

const CONFIRMATION_POLL_MS = 1_500

/** Comes back when the person has said yes. */
export async function awaitConfirmation(ports: {
  readonly state: () => Promise<{ readonly state: string }>
  readonly wait: (ms: number) => Promise<void>
}): Promise<void> {
  for (;;) {
    const { state } = await ports.state().catch((error: unknown) => {
      throw error instanceof CommandFailure && error.code === 'confirmation.unknown'
        ? tooLate()
        : error
    })
    if (state === 'confirmed') return
    if (state !== 'pending') throw refusedConfirmation(state)
    await ports.wait(CONFIRMATION_POLL_MS)
  }
}

function tooLate(): CommandFailure {
  return new CommandFailure('No one confirmed in time; nothing was changed', {
    code: 'confirmation.missing',
    next: ['run the command again'],
  })
}

function refusedConfirmation(state: string): CommandFailure {
  const title =
    state === 'refused' ? 'Refused on the page; nothing was changed' : 'It was used already'
  return new CommandFailure(title, { code: 'confirmation.missing' })
}
