import type { BirdParty } from './bird-recording.ts'
import type { Random } from './random.ts'

/**
 * Ranges that belong to nobody, so that no real person is ever in a log or a file of the sandbox: 555-0100 to 0199
 * (NANPA), 07700 900000 to 900999 (Ofcom), 030 23125 000 to 999 (Bundesnetzagentur), 06 39 98 00 00 to 99 99 (Arcep).
 */
const FICTIONAL = [
  { country: 'US', prefix: '120255501', digits: 2 },
  { country: 'US', prefix: '141555501', digits: 2 },
  { country: 'GB', prefix: '447700900', digits: 3 },
  { country: 'DE', prefix: '493023125', digits: 3 },
  { country: 'FR', prefix: '3363998', digits: 4 },
] as const

/** Somebody at one end of a call, with as much or as little as Bird tells of people. */
export function inventParty(random: Random, role: 'agent' | 'customer'): BirdParty {
  const { country, prefix, digits } = random.pick(FICTIONAL)
  const number = prefix + String(random.integer(0, 10 ** digits - 1)).padStart(digits, '0')
  if (role === 'customer' && random.chance(4)) {
    return { number: { type: 'pstn', number: 'anonymous', anonymous: true } }
  }
  const type = role === 'agent' && random.chance(15) ? 'webrtc' : 'pstn'
  return {
    ...(random.chance(60) && {
      contact: { id: random.uuid(), identifierKey: 'phonenumber', identifierValue: `+${number}` },
    }),
    number: {
      type,
      number,
      ...(random.chance(70) && { identity: `+${number}` }),
      ...(random.chance(25) && {
        callerIdName: random.pick(['Front desk', 'Zoë Núñez', 'Accounts 東京', 'O’Brien']),
      }),
      ...(random.chance(90) && { countryIsoCode: country }),
    },
  }
}
