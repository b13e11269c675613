import { expect, test } from 'vitest'
import { findTimeout } from '../../lib/cli/function-timeout.ts'

test.each<[string, number | undefined]>([
  ['archive:\n  timeout: 60\n', 60],
  ['archiveTimeoutSeconds: 90 # one and a half minutes', 90],
  ['visibilityTimeout: 360\nfunctionTimeout: 60', 60],
  ['visibilityTimeout: 360', undefined],
  ['timeout: ${self:custom.timeout}', undefined],
])('the timeout in %j is %s', (yaml, seconds) => {
  expect(findTimeout(yaml)).toBe(seconds)
})
