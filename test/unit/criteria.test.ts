import { describe, expect, it } from 'vitest'
import { readCriteria, type WrittenCriteria } from '../../lib/catalog/criteria.ts'

const ID = '5b74ee9e-9d45-473a-82cd-f1f7feea6bbd'
const read = (written: Omit<WrittenCriteria, 'workspace'>) => readCriteria({ workspace: 'ours', ...written })

function criteriaOf(written: Omit<WrittenCriteria, 'workspace'>) {
  const criteria = read(written)
  if (!criteria.ok) throw new Error(criteria.faults.join())
  return criteria.criteria
}

function faultsOf(written: Omit<WrittenCriteria, 'workspace'>): readonly string[] {
  const criteria = read(written)
  return criteria.ok ? [] : criteria.faults
}

describe('criteria', () => {
  it('are only what was written', () => {
    expect(criteriaOf({})).toEqual({ workspaceId: 'ours' })
    expect(criteriaOf({ id: [], number: [] })).toEqual({ workspaceId: 'ours' })
  })

  it('are read from what people write', () => {
    expect(
      criteriaOf({
        id: [` ${ID.toUpperCase()}`, ID],
        sourceId: ID.toUpperCase(),
        number: ['+49 30 123456', '110'],
        channel: ' Any Channel ',
        direction: 'Incoming',
        from: '2024-03-01',
        to: '2024-03-02T01:00:00+01:00',
        minDuration: '1m30s',
        maxDuration: '2h',
        findings: 'Cut-Frame',
      }),
    ).toEqual({
      workspaceId: 'ours',
      recordingIds: [ID],
      sourceId: ID,
      numbers: ['4930123456', '004930123456', '030123456', '110'],
      channelId: 'Any Channel',
      direction: 'incoming',
      range: { from: new Date('2024-03-01T00:00:00Z'), to: new Date('2024-03-02T00:00:00Z') },
      minDurationMs: 90_000,
      maxDurationMs: 7_200_000,
      findings: 'cut-frame',
    })
  })

  it('are of one workspace in its one spelling', () => {
    expect(readCriteria({ workspace: ` ${ID.toUpperCase()} ` })).toEqual({
      ok: true,
      criteria: { workspaceId: ID },
    })
  })

  it.each([
    ['90', 90_000],
    ['90s', 90_000],
    ['1.5', 1_500],
    ['0.05s', 50],
    ['2m', 120_000],
    ['1h 2m 3.004s', 3_723_004],
    ['0', 0],
  ])('take %s for a duration', (text, ms) => {
    expect(criteriaOf({ minDuration: text }).minDurationMs).toBe(ms)
  })

  it.each(['', '-1', '1:30', '1d', 's', '1s1m', '1.2345', 'NaN', "1' or 1=1"])(
    'do not take %j for a duration',
    (text) => {
      expect(faultsOf({ minDuration: text })).toEqual([
        '--min-duration is no duration, such as 90, 90s, 1m30s or 2h',
      ])
    },
  )

  it('have an open end where one day is named', () => {
    const { range: since } = criteriaOf({ from: '2024-03-01' })
    expect(since?.from).toEqual(new Date('2024-03-01T00:00:00Z'))
    expect(since!.to.getTime()).toBeGreaterThan(Date.parse('9000-01-01'))
    const { range: until } = criteriaOf({ to: '2024-03-01' })
    expect(until?.to).toEqual(new Date('2024-03-01T00:00:00Z'))
    expect(until!.from.getTime()).toBeLessThan(Date.parse('1000-01-01'))
  })
})

describe('faults', () => {
  it.each([
    [{ id: ['x'] }, '--id x is not a recording id (a UUID)'],
    [
      { id: Array.from({ length: 501 }, (_, index) => ID.slice(0, -3) + String(index).padStart(3, '0')) },
      '--id names more than 500 recordings',
    ],
    [{ sourceId: '' }, '--source-id is empty, longer than any id, or has characters that no id has'],
    [{ channel: 'a\nb' }, '--channel is empty, longer than any id, or has characters that no id has'],
    [
      { channel: 'a'.repeat(201) },
      '--channel is empty, longer than any id, or has characters that no id has',
    ],
    [{ direction: 'inbound' }, '--direction is none of incoming, outgoing'],
    [{ number: ['x'] }, '--number is not a telephone number, such as +49 30 123456'],
    [{ number: ['110', 'x'] }, '--number no. 2 is not a telephone number, such as +49 30 123456'],
    [{ number: Array.from({ length: 101 }, () => '110') }, '--number names more than 100 numbers'],
    [{ country: 'XX' }, '--country is not the two letters of a country (ISO 3166), such as DE'],
    [{ minDuration: '2', maxDuration: '1' }, '--min-duration is longer than --max-duration'],
    [
      { from: '2024-03-02', to: '2024-03-02' },
      '--to 2024-03-02 is not after --from 2024-03-02; the day of --to is the first that is left out',
    ],
  ])('%#: %o', (written, fault) => {
    expect(faultsOf(written)).toEqual([fault])
  })

  it('of a workspace that is none', () => {
    expect(readCriteria({ workspace: '../x' })).toEqual({
      ok: false,
      faults: ['--workspace has characters that no workspace id has'],
    })
  })

  it('of a finding name all that there are', () => {
    const [fault = ''] = faultsOf({ findings: 'noise' })
    expect(fault).toBe(
      '--findings is none of any, none, no-frame, cut-frame, cut-tag, junk-before-audio, junk-between-frames, junk-after-audio, format-changes, frame-count-differs, free-format, duration-differs, channels-differ, format-differs, content-type-differs',
    )
  })

  it('come all together, under the names that options have where they were written', () => {
    const result = readCriteria(
      { workspace: 'ours', from: 'x', number: ['030 123456'], minDuration: 'x' },
      (option) => `parameter ${option}`,
    )
    expect(result).toEqual({
      ok: false,
      faults: [
        'parameter from x is neither a day (2024-03-01, UTC) nor a date-time with its zone (2024-03-01T09:00:00+01:00)',
        "parameter number has no country's code: write it as +49 30 123456, or name the country with parameter country",
        'parameter minDuration is no duration, such as 90, 90s, 1m30s or 2h',
      ],
    })
  })
})
