import { expect, test } from 'vitest'
import { describeRun } from '../../lib/cli/demo/summary.ts'
import { createTally } from '../../lib/cli/demo/tally.ts'

test('what was healed is told in the order of names, whatever came first', () => {
  const { tally, read } = createTally()
  for (const status of [503, 500, 503, 404]) read(JSON.stringify({ event: 'request.again', status }))
  for (const reason of ['storage', 'bad-body'])
    read(JSON.stringify({ event: 'recording.failed', recordingId: 'a', reason, detail: 'why' }))
  const text = describeRun({
    directory: '.sandbox',
    logFile: '.sandbox/function.log',
    killed: false,
    plan: { calls: [], deliveries: [], toArchive: [], toSkip: [], toRefuse: [], phoneNumbers: [] },
    run: { tally, lines: [], durationMs: 1000, unfinished: undefined },
    check: {
      violations: [],
      deadLetters: [],
      bucket: {
        violations: [],
        proven: 0,
        provenBytes: 0,
        catalogRows: 0,
        resumptions: 0,
        unfinishedUploads: [],
      },
    },
    ready: {
      s3: { endpoint: '', accessKeyId: '', secretAccessKey: '', region: '', bucket: 'archive' },
      sqs: { endpoint: '', queueUrl: '', deadLetterQueueUrl: '' },
      bird: { url: '', workspaceId: 'workspace', accessKey: '' },
      env: {},
    },
  }).join('\n')
  expect(text).toContain('Healed on the way')
  expect(text).toContain('requests answered 404 1, 500 1, 503 2')
  expect(text).toContain('failed deliveries: bad-body 1, storage 1')
})
