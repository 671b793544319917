import { behind } from '../../gateways/suite.ts'
import { NGINX } from './gateway.ts'

behind(NGINX)
