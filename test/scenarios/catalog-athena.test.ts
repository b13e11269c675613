import { startAthenaWorld } from '../helpers/athena-world.ts'
import { describeCatalog } from '../helpers/catalog-contract.ts'

describeCatalog('Athena', () => startAthenaWorld())
