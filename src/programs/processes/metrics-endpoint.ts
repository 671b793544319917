import type { Logger } from '../../platform/http/index.ts'
import type { Child } from './child.ts'
import { mergedMetrics } from './metrics.ts'

/** Serves the metrics of all processes at one address. @throws Problem `server.port_in_use` */
export async function listenForMetrics(
  at: { readonly host: string; readonly port: number },
  all: () => readonly Child[],
  log: Logger,
): Promise<{ stop(): Promise<void> }> {
  const { MetricsPage } = await import('../../extensions/telemetry/index.ts')
  const page = new MetricsPage(
    async () => {
      const texts = await Promise.all(
        all().map(async (child) => ({ number: child.number, text: await child.metrics() })),
      )
      return mergedMetrics(texts.flatMap(({ number, text = '' }) => ({ number, text })))
    },
    (err) => log.error({ err }, 'metrics could not be collected'),
  )
  await page.listen(at)
  return page
}
