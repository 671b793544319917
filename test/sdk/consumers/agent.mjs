// An agent of someone who uses JavaScript and nothing but the package.
import { CallFailed, Denied, openTask } from 'remit-sdk'

const { AGENT_KEY = '', ID_TOKEN = '', ISSUER = '', ORDERS = '' } = process.env
const task = await openTask({
  issuer: ISSUER,
  agent: { id: 'refund-bot', key: JSON.parse(AGENT_KEY) },
  subjectToken: ID_TOKEN,
  details: [{ locations: [ORDERS], actions: ['orders.read'] }],
  purpose: 'look at order 1042',
})
const answer = await task.fetch(`${ORDERS}/orders/1042`)
const order = await answer.json()
const refused = await task
  .fetch(`${ORDERS}/orders/1042/refunds`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"amount": 1.00}',
  })
  .catch((error) => error)
await task.close()
const closed = await task.fetch(`${ORDERS}/orders/1042`).catch((error) => error)
console.log(
  JSON.stringify({
    status: answer.status,
    order: order.id,
    refused: refused instanceof Denied && refused.code,
    closed: closed instanceof Denied && closed.code,
    failed: closed instanceof CallFailed,
  }),
)
