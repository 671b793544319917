import { behind } from '../../gateways/suite.ts'
import { CADDY } from './gateway.ts'

behind(CADDY)
