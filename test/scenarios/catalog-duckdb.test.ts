import { describeCatalog } from '../helpers/catalog-contract.ts'
import { startCatalogWorld } from '../helpers/catalog-world.ts'

describeCatalog('DuckDB', () => startCatalogWorld())
