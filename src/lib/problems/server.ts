/** What can go wrong with the server itself. Kept sorted. */
export const SERVER_PROBLEMS = {
  'api.not_permitted': { status: 403, title: 'The operation is not for you' },
  'config.invalid': { status: 500, title: 'The configuration cannot be used' },
  'dev.not_ours': { status: 409, title: 'The directory holds something else' },
  'dev.other_port': { status: 409, title: 'The kept state belongs to another port' },
  'ledger.inconsistent': { status: 500, title: 'The ledger contradicts what was signed before' },
  'ledger.record_too_large': { status: 500, title: 'The record is too long for the ledger' },
  'ledger.unknown_position': { status: 404, title: 'The ledger has no such position' },
  'live.stopped': { status: 503, title: 'The server is stopping' },
  'organization.suspended': { status: 403, title: 'Everything is suspended' },
  'server.failed': { status: 500, title: 'Something went wrong on our side' },
  'server.not_ready': { status: 503, title: 'The server is not ready' },
  'server.port_in_use': { status: 500, title: 'The port is taken by another program' },
  'storage.locked': { status: 500, title: 'The data directory is in use by another process' },
  'storage.newer': { status: 500, title: 'The schema is newer than this build' },
  'storage.outdated': { status: 500, title: 'The schema is older than this build' },
  'storage.unavailable': { status: 503, title: 'The store cannot be reached' },
} as const
