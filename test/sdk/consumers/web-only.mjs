// Runs the agent in a world that has what browsers and workers have, and nothing of Node: run with --experimental-vm-modules.
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import vm from 'node:vm'

const {
  AbortController,
  AbortSignal,
  atob,
  Blob,
  btoa,
  clearTimeout,
  CryptoKey,
  crypto,
  fetch,
  FormData,
  Headers,
  performance,
  ReadableStream,
  Request,
  Response,
  setTimeout,
  structuredClone,
  TextDecoder,
  TextEncoder,
  URL,
  URLSearchParams,
} = globalThis
const said = []
const context = vm.createContext({
  ...{ AbortController, AbortSignal, atob, Blob, btoa, clearTimeout, CryptoKey, crypto, fetch },
  ...{ FormData, Headers, performance, ReadableStream, Request, Response, setTimeout },
  ...{ structuredClone, TextDecoder, TextEncoder, URL, URLSearchParams },
  console: { log: (text) => said.push(text) },
  // The agent's own settings; a browser has no `process`.
  process: { env: { ...process.env } },
})

const loaded = new Map()

async function load(url) {
  const text = await readFile(fileURLToPath(url), 'utf8')
  return new vm.SourceTextModule(text, { context, identifier: url })
}

/** Files of the package, and jose. Anything else, every `node:` first of all, does not exist here. */
function link(specifier, { identifier }) {
  const inside = specifier.startsWith('.')
  if (!inside && specifier !== 'jose' && !/^remit-sdk(?:\/|$)/.test(specifier))
    throw new Error(`${identifier} imports ${specifier}`)
  const url = inside ? new URL(specifier, identifier).href : import.meta.resolve(specifier)
  const module = loaded.get(url) ?? load(url)
  loaded.set(url, module)
  return module
}

const agent = await load(new URL('agent.mjs', import.meta.url).href)
await agent.link(link)
await agent.evaluate()
// Every other entry loads as well, with the same nothing around it.
for (const entry of ['mcp', 'api', 'fastify', 'express', 'hono']) {
  const module = await link(`remit-sdk/${entry}`, agent)
  if (module.status === 'unlinked') await module.link(link)
  await module.evaluate()
}
console.log(said.join('\n'))
