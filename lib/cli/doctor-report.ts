import { type Area, countLevels, type Finding, type Level } from '../doctor/finding.ts'
import { style } from './print.ts'

const TITLES: Readonly<Record<Area, string>> = {
  environment: 'Environment',
  bird: 'Bird',
  clock: 'Clock',
  bucket: 'Bucket',
  queue: 'Queues',
}
const MARKS: Readonly<
  Record<Level, { readonly word: string; readonly colour: 'green' | 'yellow' | 'red' | 'cyan' }>
> = {
  ok: { word: 'ok', colour: 'green' },
  warn: { word: 'warn', colour: 'yellow' },
  fail: { word: 'FAIL', colour: 'red' },
  unknown: { word: '?', colour: 'cyan' },
}

/** The findings for people: by area, in their order; what is not in order says why and how it is mended. */
export function describeFindings(findings: readonly Finding[]): string[] {
  const areas = [...new Set(findings.map(({ area }) => area))]
  return [
    ...areas.flatMap((area) => [
      style('bold', TITLES[area]),
      ...findings.filter((finding) => finding.area === area).flatMap(describeFinding),
      '',
    ]),
    describeCounts(findings),
  ]
}

function describeFinding(finding: Finding): string[] {
  const { word, colour } = MARKS[finding.level]
  const line = `  ${style(colour, word.padEnd(4))}  ${finding.what}`
  if (finding.level === 'ok') return [line]
  return [
    line,
    `        ${style('dim', 'why ')}  ${finding.why}`,
    `        ${style('dim', 'mend')}  ${finding.mend}`,
  ]
}

function describeCounts(findings: readonly Finding[]): string {
  const { ok, warn, fail, unknown } = countLevels(findings)
  const counts = [
    `${fail} to mend`,
    warn === 1 ? '1 warning' : `${warn} warnings`,
    `${unknown} that cannot be told`,
    `${ok} in order`,
  ].join(' · ')
  return style(fail > 0 ? 'red' : 'green', counts)
}
