import type { Module } from '../module.ts'

const SETTINGS = {}

/** Agents that speak A2A: their cards are imported, and each message to them is decided as a call. */
export const A2A: Module<typeof SETTINGS> = {
  name: 'a2a',
  settings: SETTINGS,
  async open() {
    const { A2A_IMPORTER, A2A_PROTOCOL } = await import('./protocol.ts')
    return { protocols: [A2A_PROTOCOL], importers: [A2A_IMPORTER] }
  },
}
