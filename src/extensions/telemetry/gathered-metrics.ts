import type { Logger } from '../../platform/http/index.ts'
import type { ProcessText } from '../server-observer.ts'
import { mergedMetrics } from './merged-metrics.ts'
import { MetricsPage } from './prometheus.ts'

/** Serves the metrics of all processes at one address. @throws Problem `server.port_in_use` */
export async function listenForMetrics(
  at: { readonly host: string; readonly port: number },
  texts: () => Promise<readonly ProcessText[]>,
  log: Pick<Logger, 'error'>,
): Promise<{ stop(): Promise<void> }> {
  const page = new MetricsPage(
    async () => mergedMetrics(await texts()),
    (err) => log.error({ err }, 'metrics could not be collected'),
  )
  await page.listen(at)
  return page
}
