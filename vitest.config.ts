import { defineConfig } from 'vitest/config'

const major = Number(process.versions.node.split('.')[0])
if (major < 24) {
  throw new Error(
    `The tests need Node 24 or newer, this is ${process.version}. ` +
      'Run `npm ci` (without --omit=optional): it brings Node 24 along, and `npm test` finds it first.',
  )
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // `npm run test:s3` runs these, against a real gateway.
    exclude: ['test/rgw/**'],
    environment: 'node',
    globals: false,
    pool: 'forks',
    // Most tests wait for a server rather than compute, so no core need be left over.
    maxWorkers: '100%',
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
