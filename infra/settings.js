import { chooseFromParameters, PARAMETERS } from './parameters.ts'

/**
 * What osls calls for `${file(infra/settings.js):chosen}`; osls loads JavaScript only. Everything is decided, and
 * refused, in parameters.ts.
 * @param {{options: {param?: string[] | string}, resolveVariable: (name: string) => Promise<string | number>}} osls
 */
export async function chosen({ options, resolveVariable }) {
  const values = {}
  for (const name of PARAMETERS) values[name] = `${await resolveVariable(`param:${name}`)}`
  const named = [options.param ?? []].flat().map((text) => text.split('=', 1)[0])
  const packaging = {
    service: String(await resolveVariable('self:service')),
    stage: String(await resolveVariable('sls:stage')),
    region: String(await resolveVariable('self:provider.region')),
    deploys: process.argv.includes('deploy'),
    // What only looks at a stack, or takes it away, need not be told its parameters.
    judges: process.argv.includes('deploy') || process.argv.includes('package'),
    glacierAfterDays: Number(await resolveVariable('file(infra/numbers.yml):bucket.glacierAfterDays')),
  }
  try {
    return chooseFromParameters(values, named, packaging)
  } catch (error) {
    // osls prints the stack where there is one; whoever mistyped a parameter has no use for it.
    if (error instanceof Error) Object.defineProperty(error, 'stack', { value: error.message })
    throw error
  }
}

/**
 * What one instance of archive may ask of Bird per second: the workspace's share without that of the sweeps, divided by the
 * instances that may run at once.
 * @param {{resolveVariable: (name: string) => Promise<string | number>}} osls
 */
export async function archiveRequestsPerSecond({ resolveVariable }) {
  const number = async (name) => Number(await resolveVariable(`file(infra/numbers.yml):${name}`))
  const sweeps = (await number('bird.sweepsAtOnce')) * (await number('bird.sweepRequestsPerSecond'))
  const share =
    ((await number('bird.requestsPerSecond')) - sweeps) / (await number('archive.maximumConcurrency'))
  // The function takes three decimals.
  return Math.floor(share * 1000) / 1000
}
