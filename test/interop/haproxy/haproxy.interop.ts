import { fillIn, placesOf } from '../../gateways/filled-in.ts'
import { behind } from '../../gateways/suite.ts'
import { startServerProgram } from '../server-process.ts'

behind({
  name: 'HAProxy',
  sendsBodies: true,
  getThrough: 50,
  async start(store) {
    const folder = fillIn(['haproxy/haproxy.cfg', 'haproxy/remit.lua'], placesOf(store))
    const end = await startServerProgram({
      name: 'HAProxy',
      program: 'haproxy',
      args: ['-db', '-f', 'haproxy.cfg'],
      cwd: folder,
      env: { REMIT_SECRET: store.secret },
      url: new URL(store.identifier).origin,
      status: 404,
      startsWithinMs: 20_000,
    })
    store.world.onStop(end)
  },
})
