import { fillIn, placesOf } from '../../gateways/filled-in.ts'
import type { Gateway } from '../../gateways/suite.ts'
import { startServerProgram } from '../server-process.ts'

export const TRAEFIK: Gateway = {
  name: 'Traefik',
  sendsBodies: true,
  getThrough: 50,
  async start(store) {
    const folder = fillIn(['traefik/traefik.yaml', 'traefik/dynamic.yaml'], placesOf(store))
    const end = await startServerProgram({
      name: 'Traefik',
      program: 'traefik',
      args: ['--configFile=traefik.yaml'],
      cwd: folder,
      url: new URL(store.identifier).origin,
      status: 404,
      startsWithinMs: 20_000,
    })
    store.world.onStop(end)
  },
}
