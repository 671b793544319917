import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { it, type TestContext } from 'node:test'
import { followPage } from './first-hour/reader.ts'
import { Terminal } from './first-hour/terminal.ts'

const MAX_LENGTH = 170_000
const BILLING = `openapi: 3.1.0
info: { title: Billing, version: '1' }
paths:
  /invoices/{id}:
    get:
      operationId: read
      parameters: [{ name: id, in: path, required: true, schema: { type: string } }]
      responses: { '200': { description: The invoice } }
`

it('the README is as it says', {
  timeout: MAX_LENGTH,
  skip: process.platform === 'win32',
}, async (t) => {
  const billing = await serveBilling(t)
  const terminal = await Terminal.open()
  await terminal.save('billing.yaml', BILLING)
  await terminal.save('billing.key', 'billing-secret\n')
  const commands = await followPage(t, terminal, {
    page: 'README.md',
    translated: (text) => text.replaceAll('127.0.0.1:9000', `127.0.0.1:${billing.port}`),
  })
  assert.equal(commands, 5)
  assert.deepEqual(billing.asked, ['GET /invoices/7 Bearer billing-secret'])
})

/** The API of the reader. */
async function serveBilling(t: TestContext) {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers.authorization}`)
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"id":"7","amount":120}')
  }).listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  return { asked, port: address.port }
}
