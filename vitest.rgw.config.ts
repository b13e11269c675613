import { defineConfig } from 'vitest/config'

/** `npm run test:s3`: the archive's promises, kept against an S3 of another make. */
export default defineConfig({
  test: {
    include: ['test/rgw/**/*.test.ts'],
    globalSetup: ['test/rgw/setup.ts'],
    environment: 'node',
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
