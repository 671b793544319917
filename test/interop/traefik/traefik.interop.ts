import { behind } from '../../gateways/suite.ts'
import { TRAEFIK } from './gateway.ts'

behind(TRAEFIK)
