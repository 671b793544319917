import { fillIn, placesOf } from '../../gateways/filled-in.ts'
import { behind } from '../../gateways/suite.ts'
import { startServerProgram } from '../server-process.ts'

behind({
  name: 'Caddy',
  sendsBodies: false,
  getThrough: 50,
  async start(store) {
    const folder = fillIn(['caddy/Caddyfile'], placesOf(store))
    const end = await startServerProgram({
      name: 'Caddy',
      program: 'caddy',
      args: ['run', '--config', 'Caddyfile'],
      cwd: folder,
      env: { HOME: folder, REMIT_SECRET: store.secret },
      url: new URL(store.identifier).origin,
      status: 404,
      startsWithinMs: 20_000,
    })
    store.world.onStop(end)
  },
})
