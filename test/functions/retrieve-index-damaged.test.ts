import { expect, it } from 'vitest'
import { startApiWorld } from '../helpers/api-world.ts'
import { rowOf } from '../helpers/catalog-rows.ts'
import { VERIFY_WORKSPACE } from '../helpers/verify-world.ts'

it('an object that Athena cannot read is named to whoever asks and in the log, and nobody is told to ask again', async () => {
  const world = await startApiWorld()
  await world.putRows('2024-03-01', 'batch', [rowOf('one')])
  const key = `catalog-compact/workspace=${VERIFY_WORKSPACE}/day=2024-03-01/20240301_half_a_file`
  await world.put(key, 'PAR1 half a file')
  const { status, headers, body, events } = await world.ask('/recordings')
  expect(status).toBe(500)
  expect(headers).not.toHaveProperty('retry-after')
  const detail = expect.stringContaining(`Athena cannot read ${key}: move it away`) as unknown
  expect(body).toMatchObject({ type: expect.stringMatching(/:index-damaged$/) as unknown, detail })
  expect(events).toContainEqual(
    expect.objectContaining({ event: 'request.failed', route: '/recordings', detail }),
  )
})
