import { expect, test } from 'vitest'
import { readIds } from '../../lib/cli/ids.ts'

const A = '5b74ee9e-9d45-473a-82cd-f1f7feea6bbd'
const B = '50fa2203-66c2-4820-864a-1a8002952f4e'
const plain = [A, B].map((recordingId) => ({ recordingId, workspaceId: undefined }))

test.each([
  ['one a line, with empty lines and comments', `# mine\n${A}\n\n  ${B.toUpperCase()}  \n`],
  ['Windows line ends and a byte order mark', `\uFEFF${A}\r\n${B}\r\n`],
  ['CSV without a header: the first column', `${A},2026-01-01,yes\n${B},2026-01-02,no`],
  ['CSV with a column named recordingId', `day,recordingId\n2026-01-01,${A}\n2026-01-02,"${B}"`],
  ['CSV with both: an id of something else stands beside', `id,recordingId\n${B},${A}\n${A},${B}`],
  ['CSV with a column named id and semicolons', `Note;ID\n"a, ""b""";${A}\n;${B}`],
  ['our own catalog, as CSV', `recording_id\tcreated_at\n${A}\t1\n${B}\t2`],
  ['JSON lines', `{"recordingId":"${A}"}\n{"recordingId":"${B}","more":1}`],
])('reads %s', (_, text) => {
  expect(readIds(text, 'list')).toEqual({ recordings: plain, duplicates: 0, faults: [] })
})

test('a workspace may stand beside an id', () => {
  const expected = [{ recordingId: A, workspaceId: 'w1' }]
  expect(readIds(`id,workspaceId\n${A},w1`, 'list').recordings).toEqual(expected)
  expect(readIds(`{"recordingId":"${A}","workspaceId":"w1"}`, 'list').recordings).toEqual(expected)
  // As `find --csv` and `find --json` write them.
  expect(readIds(`recording_id,workspace_id\n${A},w1`, 'list').recordings).toEqual(expected)
  expect(readIds(`{"recording_id":"${A}","workspace_id":"w1"}`, 'list').recordings).toEqual(expected)
})

test('a workspace has one spelling, in whatever case its UUID is written; a name keeps its own', () => {
  const listed = readIds(`id,workspaceId\n${A},${B.toUpperCase()}\n${A},${B}\n${B},Ours_1`, 'list')
  expect(listed).toEqual({
    recordings: [
      { recordingId: A, workspaceId: B },
      { recordingId: B, workspaceId: 'Ours_1' },
    ],
    duplicates: 1,
    faults: [],
  })
})

test('an id that is named again counts, and is read once', () => {
  expect(readIds(`${A}\n${B}\n${A.toUpperCase()}\n${A}`, 'list')).toEqual({
    recordings: plain,
    duplicates: 2,
    faults: [],
  })
})

test('each line that cannot be read is named with its number, and no telephone number is repeated', () => {
  const { faults } = readIds(
    `# head\n${A}\nnot-an-id\n{"id":\n{"workspaceId":"w"}\n+31 6 12345678\n{"recordingId":"${B}","workspaceId":"a/b"}`,
    'list.csv',
  )
  expect(faults).toEqual([
    'list.csv:3: "not-an-id" is not a recording id (a UUID)',
    'list.csv:4: this is no JSON object',
    'list.csv:5: the object has no recordingId',
    'list.csv:6: "…" is not a recording id (a UUID)',
    'list.csv:7: "a/b" is not a workspace id',
  ])
})
