import { behind } from '../../gateways/suite.ts'
import { HAPROXY } from './gateway.ts'

behind(HAPROXY)
