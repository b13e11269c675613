import { describe, expect, test } from 'vitest'
import { runWithin } from '../helpers/run-within.ts'
import { run } from './command.ts'

const ID = '5b74ee9e-9d45-473a-82cd-f1f7feea6bbd'

describe('help', () => {
  test('names the commands, the exit codes and where to start', async () => {
    const { code, stdout, stderr } = await run(['--help'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    for (const text of [
      'archive',
      'enqueue',
      'doctor',
      'demo',
      'sandbox',
      '$ bird-archive demo',
      'Exit codes: 0',
    ])
      expect(stdout).toContain(text)
  })

  test.each(['archive', 'enqueue', 'doctor', 'demo', 'sandbox'])(
    'of %s shows how it is used',
    async (command) => {
      const { code, stdout } = await runWithin([command, '--help'])
      expect(code).toBe(0)
      expect(stdout).toContain('Examples:')
      expect(stdout).toContain(`$ bird-archive ${command}`)
      expect(stdout).not.toContain('(default: false)')
    },
  )
})

describe('wrong usage exits with 2, says what is wrong on stderr, and prints nothing on stdout', () => {
  test.each([
    ['no command', [], 'Usage: bird-archive'],
    ['an unknown command', ['archvie'], "unknown command 'archvie'"],
    ['an unknown option', ['archive', ID, '--dry-run'], "unknown option '--dry-run'"],
    ['a number that is none', ['archive', ID, '--concurrency', '0'], 'a whole number from 1 to 256'],
    ['no ids', ['archive'], 'Which recordings?'],
    ['an id that is none', ['archive', 'abc'], "1 id can't be read; nothing has been done:"],
    ['a list that is a directory', ['archive', '--ids', '/'], 'it is a directory'],
    ['a list that is not there', ['enqueue', '--ids', '/no/such/list'], 'there is no such file'],
  ])('%s', async (_, args, message) => {
    const { code, stdout, stderr } = await runWithin(args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(message)
  })

  test('all faults of the environment are listed at once', async () => {
    const { code, stdout, stderr } = await run(['archive', ID], { CONCURRENCY: 'many', ARCHIVE_BUKET: 'b' })
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain('The configuration needs mending:')
    for (const name of [
      'BIRD_WORKSPACE_ID',
      'BIRD_ACCESS_KEY',
      'ARCHIVE_BUCKET',
      'CONCURRENCY',
      'ARCHIVE_BUKET',
    ])
      expect(stderr).toContain(name)
  })

  test('enqueue wants QUEUE_URL, and says what it is', async () => {
    const { code, stderr } = await runWithin(['enqueue', ID])
    expect(code).toBe(2)
    expect(stderr).toContain('QUEUE_URL is not set: it is the URL of the queue')
  })
})

test('no colour reaches a pipe', async () => {
  const { stderr } = await runWithin(['archive'])
  expect(stderr).toContain('bird-archive:')
  expect(stderr).not.toContain('\u001b[')
})
