import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import { mock } from 'node:test'

/** Counts the signatures that are verified while it acts. */
export async function countVerified(act: () => Promise<unknown>): Promise<number> {
  const verify = mock.method(crypto, 'verify')
  syncBuiltinESMExports()
  try {
    await act()
    return verify.mock.callCount()
  } finally {
    verify.mock.restore()
    syncBuiltinESMExports()
  }
}
