// Stands in for the APIs of Stripe, Twilio and Slack: answers what it was sent, as `qs` and as Rack read it. Prints its address.
import { createServer } from 'node:http'
import qs from 'qs'

/** Reads pairs as Rack does (`Rack::QueryParser#normalize_params`), for names whose brackets are closed. */
function rack(text) {
  const params = {}
  for (const [name, value] of new URLSearchParams(text)) {
    const [root, ...keys] = name.split(/\]?\[/).map((key) => key.replace(/\]$/, ''))
    store(params, [root, ...keys], value)
  }
  return params
}

function store(into, [key, ...rest], value) {
  if (rest.length === 0) into[key] = value
  else if (rest[0] === '') into[key] = [...(into[key] ?? []), value]
  else {
    into[key] ??= {}
    store(into[key], rest, value)
  }
}

/** Lists that are numbered are objects to Rack; an API in Ruby takes their values. */
function listed(value) {
  if (typeof value !== 'object' || value === null) return value
  const all = Object.entries(value).map(([key, member]) => [key, listed(member)])
  const isList = all.length > 0 && all.every(([key], i) => key === String(i))
  return isList ? all.map(([, member]) => member) : Object.fromEntries(all)
}

const server = createServer(async (request, reply) => {
  let body = ''
  for await (const chunk of request) body += chunk
  const text = body || (request.url.split('?')[1] ?? '')
  const said = {
    ok: true,
    id: 'in_1',
    sid: 'SM1',
    object: 'invoice',
    read: { qs: qs.parse(text), rack: listed(rack(text)) },
  }
  reply.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(said))
})
server.listen(0, '127.0.0.1', () =>
  process.stdout.write(`at http://127.0.0.1:${server.address().port}\n`),
)
