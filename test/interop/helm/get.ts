import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Counterpart, UnavailableSource } from '../counterpart.ts'
import { cacheFolder, fromGo } from '../download.ts'
import { needProgram } from '../program.ts'
import { schemaOfCustomResource, schemasOfKubernetes } from './schemas.ts'

/** Limit of one build or download, in ms. */
const MAX_LENGTH = 600_000
const HELM = '3.22.0'
const KUBECONFORM = '0.8.0'
/** Module that brings descriptions of resources, and the digest of its source that go.sum would have. */
interface GoModule {
  readonly name: string
  readonly version: string
  readonly sum: string
}
const KUBERNETES: GoModule = {
  name: 'k8s.io/kubernetes',
  version: '1.35.0',
  sum: 'h1:PUOojD8c8E3csMP5NX+nLLne6SGqZjrYCscptyBfWMY=',
}
const PROMETHEUS_OPERATOR: GoModule = {
  name: 'github.com/prometheus-operator/prometheus-operator',
  version: '0.85.0',
  sum: 'h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=',
}
const SERVICE_MONITOR = 'example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml'

/** helm and kubeconform, built from their modules, and what Kubernetes itself says of its resources. */
export const helm: Counterpart = {
  name: 'helm',
  version: `${HELM}, kubeconform ${KUBECONFORM}, Kubernetes ${KUBERNETES.version}`,
  async get() {
    needProgram('go', 'golang-go')
    return {
      REMIT_INTEROP_HELM: fromGo('helm.sh/helm/v3/cmd/helm', HELM),
      REMIT_INTEROP_KUBECONFORM: fromGo(
        'github.com/yannh/kubeconform/cmd/kubeconform',
        KUBECONFORM,
      ),
      REMIT_INTEROP_SCHEMAS: schemas(),
      REMIT_INTEROP_KUBERNETES: KUBERNETES.version,
    }
  },
}

/** Folder of JSON schemas by the names that kubeconform asks for. */
function schemas(): string {
  const folder = join(cacheFolder(), 'kubernetes-schemas', KUBERNETES.version)
  mkdirSync(folder, { recursive: true })
  const swagger = readFileSync(join(source(KUBERNETES), 'api/openapi-spec/swagger.json'), 'utf8')
  const monitor = readFileSync(join(source(PROMETHEUS_OPERATOR), SERVICE_MONITOR), 'utf8')
  const files = { ...schemasOfKubernetes(swagger), ...schemaOfCustomResource(monitor) }
  for (const [name, schema] of Object.entries(files))
    writeFileSync(join(folder, name), JSON.stringify(schema))
  return folder
}

/** INVARIANT: what is answered has the digest that is pinned here, whoever served it. */
function source({ name, version, sum }: GoModule): string {
  const answer: { Dir: string; Sum: string } = JSON.parse(
    go(['mod', 'download', '-json', `${name}@v${version}`]),
  )
  if (answer.Sum !== sum) throw new Error(`${name} ${version} has the digest ${answer.Sum}`)
  return answer.Dir
}

function go(args: readonly string[]): string {
  const env = { ...process.env, GOFLAGS: '-mod=mod', GO111MODULE: 'on' }
  const cwd = cacheFolder()
  mkdirSync(cwd, { recursive: true })
  const ran = spawnSync('go', args, { cwd, env, encoding: 'utf8', timeout: MAX_LENGTH })
  if (ran.status === 0) return ran.stdout
  throw new UnavailableSource(`Go could not bring it: ${(ran.stderr ?? '').slice(0, 200)}`)
}
