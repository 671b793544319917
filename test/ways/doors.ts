import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { registerPages } from '../../src/console/pages/index.ts'
import { addStandIns } from '../../src/console/stand-in-pages/index.ts'
import { oauthHandlers } from '../../src/edges/oauth/index.ts'
import { authzenHandlers } from '../../src/extensions/authzen/index.ts'
import { testHttp } from '../../src/platform/http/testing.ts'
import { send } from '../wire.ts'
import type { World } from '../world.ts'

export interface Door {
  readonly method: string
  readonly url: string
  /** A page: opened by a cookie, and not by a header. */
  readonly page: boolean
}

/** Every address at which anything is answered, asked of those who answer: operations, protocol, decision point, pages, gateway. */
export async function allDoors(world: World, taskId: string): Promise<readonly Door[]> {
  const { gateway, issuer } = world
  const found = [
    ...(await operations()),
    ...(await ofProtocol(world)),
    ...(await pages(world)).map((one) => [...one, true] as const),
  ].map(([method, path, page = false]) => ({ method, url: issuer + path, page }))
  const calls = [
    { method: 'GET', url: `${gateway}/echo/things`, page: false },
    { method: 'POST', url: `${gateway}/desk`, page: false },
    { method: 'GET', url: `${gateway}/desk`, page: false },
    { method: 'DELETE', url: `${gateway}/desk`, page: false },
    { method: 'POST', url: `${gateway}/trips`, page: false },
    { method: 'POST', url: `${gateway}/trips/message:send`, page: false },
    { method: 'GET', url: `${gateway}/trips/tasks/x`, page: false },
  ]
  const all = [...found, ...calls].map((door) => ({
    ...door,
    url: door.url.replace(/\{[^}]+\}|:[a-z]\w*(?=\/|$)/gi, taskId),
  }))
  // What ends something last, so that everything is seen that is open.
  return all.toSorted((a, b) => Number(a.method === 'DELETE') - Number(b.method === 'DELETE'))
}

async function operations(): Promise<(readonly [string, string])[]> {
  const text = await readFile(join(import.meta.dirname, '../../openapi.json'), 'utf8')
  const { paths } = JSON.parse(text) as { paths: Record<string, Record<string, unknown>> } // OpenAPI
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => [method.toUpperCase(), path] as const),
  )
}

/**
 * Lists the protocol's paths: those that are taken before the router, and those that the metadata
 * names.
 */
async function ofProtocol({ issuer, rooms }: World): Promise<(readonly [string, string])[]> {
  // as: handlers are made and not called, and only their paths are looked at
  const ports = { ...rooms, deviceCodes: true, server: {}, artefacts: {} } as unknown
  const handlers = [
    ...oauthHandlers(ports as Parameters<typeof oauthHandlers>[0]),
    ...authzenHandlers(ports as Parameters<typeof authzenHandlers>[0]),
  ]
  const { body } = await send(`${issuer}/.well-known/oauth-authorization-server`)
  const named = Object.entries(body)
    .filter(([name]) => name.endsWith('_endpoint'))
    .map(([, url]) => new URL(String(url)).pathname)
  const paths = [...handlers.flatMap((one) => one.paths), ...named].map((path) =>
    path.endsWith('/') ? `${path}{id}` : path,
  )
  return [...new Set(paths)].flatMap((path) => [['GET', path] as const, ['POST', path] as const])
}

async function pages({ rooms }: World): Promise<(readonly [string, string])[]> {
  const { app } = testHttp()
  const routes: (readonly [string, string])[] = []
  app.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat()) if (one !== 'HEAD') routes.push([one, url])
  })
  registerPages(app, { ...rooms, deviceCodes: true }, addStandIns)
  await app.ready()
  await app.close()
  return routes
}
