import { behind } from '../../gateways/suite.ts'
import { ENVOY } from './gateway.ts'

for (const gateway of ENVOY) behind(gateway)
