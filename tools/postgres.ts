// The PostgreSQL that tests and the story run on: a real one, from npm, or the one that TEST_POSTGRES_URL names.
import { type RunningPostgres, startPostgres } from '../test/postgres/start.ts'
import { installOwn } from './install-own.ts'

/**
 * Settings where nothing outlives the machine: the log need not heal torn pages, nor serve a
 * standby.
 */
const IN_MEMORY = {
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  checkpoint_timeout: '1h',
  max_wal_size: '256MB',
  update_process_title: 'off',
  track_counts: 'off',
}

/** `folder`: where its data is. Default: on a disk. */
export async function postgres(
  folder?: string,
): Promise<Pick<RunningPostgres, 'failures' | 'url' | 'stop'>> {
  const url = process.env.TEST_POSTGRES_URL
  if (url) return { url, failures: () => [], stop: async () => {} }
  installOwn('test/postgres', 'PostgreSQL for the tests (once; about 60 MB)')
  return startPostgres(folder === undefined ? {} : IN_MEMORY, folder)
}
