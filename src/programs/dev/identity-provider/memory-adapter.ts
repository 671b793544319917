import type { Adapter, AdapterPayload } from 'oidc-provider'

/**
 * Keeps codes and grants of the development identity provider in memory, gone with the process.
 * Good enough because nothing it says outlives a sign-in; Remit itself stores its own state
 * durably.
 */
export function memoryAdapter(): (model: string) => Adapter {
  const rows = new Map<string, AdapterPayload>()
  return (model) => {
    const key = (id: string) => `${model}:${id}`
    const findBy = async (member: 'uid' | 'userCode', value: string) => {
      for (const [id, row] of rows)
        if (id.startsWith(`${model}:`) && row[member] === value) return row
      return undefined
    }
    return {
      async upsert(id, payload) {
        rows.set(key(id), payload)
      },
      async find(id) {
        return rows.get(key(id))
      },
      findByUid: (uid) => findBy('uid', uid),
      findByUserCode: (code) => findBy('userCode', code),
      async consume(id) {
        const row = rows.get(key(id))
        if (row) row.consumed = row.exp ?? 1
      },
      async destroy(id) {
        rows.delete(key(id))
      },
      async revokeByGrantId(grantId) {
        for (const [id, row] of rows) if (row.grantId === grantId) rows.delete(id)
      },
    }
  }
}
