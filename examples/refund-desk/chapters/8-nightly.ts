import { Denied, openTask } from 'remit-sdk'
import { chapter, saw } from '../step.ts'
import type { Story } from '../story.ts'
import type { House } from './5-administrator.ts'

/** Work while nobody is there: under a grant of a person, and no longer than that. */
export async function nightly({ world }: Story, { nightClerk }: House): Promise<void> {
  chapter('night-clerk works while everyone sleeps')
  const opening = { issuer: world.issuer, agent: { id: nightClerk.id, key: nightClerk.key } }
  const granted = await world.remit([
    'sponsor-grants',
    'grant',
    nightClerk.id,
    '--purpose',
    'nightly list of orders',
    '--action',
    'orders.list',
    '--expires',
    '30d',
    '--json',
  ])
  saw('Ada, who owns it, sponsors a nightly list of orders', granted.code === 0, granted)
  const sponsorGrant = String(JSON.parse(granted.out).id)
  await using task = await openTask({ ...opening, sponsorGrant })
  const list = await task.fetch(`${world.gateway}/orders/orders`)
  const { seen } = (await list.json()) as { seen?: { person?: string; agent?: string } } // written by the sample API
  saw(
    'it lists the orders; the API sees an agent, and no person',
    list.status === 200 && seen?.agent === nightClerk.id && seen.person === undefined,
    seen,
  )
  const ended = await world.remit(['sponsor-grants', 'end', sponsorGrant])
  saw('Ada ends the grant', ended.code === 0, ended)
  const next = await task.fetch(`${world.gateway}/orders/orders`).catch((error: unknown) => error)
  saw('the task that was running is refused', next instanceof Denied, next)
  const again = await openTask({ ...opening, sponsorGrant }).catch((error: unknown) => error)
  saw('and there is no new one', again instanceof Denied, again)
}
