/** Bird's documented example, for another id; fictional numbers. */
export function exampleMetadata(id: string): Record<string, unknown> {
  return {
    id,
    sourceId: '50fa2203-66c2-4820-864a-1a8002952f4e',
    channelId: '880d8171-cbab-47bb-81b6-b1a0902da136',
    originator: {
      number: { type: 'pstn', number: '15550100123', identity: '+15550100123', countryIsoCode: 'US' },
    },
    receiver: { number: { type: 'pstn', number: '447700900456', countryIsoCode: 'GB' } },
    source: 'call',
    direction: 'outgoing',
    origin: 'create-call',
    status: 'available',
    duration: 3,
    format: 'mp3',
    stereo: false,
    transcription: false,
    createdAt: new Date(Date.now() - 3_600_000).toISOString(),
    updatedAt: new Date(Date.now() - 3_500_000).toISOString(),
    startedAt: new Date(Date.now() - 3_600_000).toISOString(),
    endedAt: new Date(Date.now() - 3_590_000).toISOString(),
  }
}
