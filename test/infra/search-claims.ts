import { createKeys } from '../../lib/archive/keys.ts'
import { createCatalogKeys } from '../../lib/catalog/segments.ts'
import { COLUMNS } from '../../lib/catalog/sql.ts'
import { readSearchConfig } from '../../lib/search-config.ts'
import type { Json, Template } from './package.ts'
import { alarmWatches, at, environmentOf, list, number, rightsOf, same, statementsOf, text } from './tree.ts'

const FUNCTION = 'CompactLambdaFunction'
const SEGMENTS = 'CatalogSegmentTable'
const COMPACTS = 'CatalogCompactTable'
const GROUP = 'Resources.SearchWorkGroup.Properties.WorkGroupConfiguration'

const table = (template: Template, name: string): Json | undefined =>
  at(template, `Resources.${name}.Properties.TableInput`)

/** The columns of a table, each as `name type`. */
export const columnsOf = (template: Template, name: string): string[] =>
  list(at(table(template, name), 'StorageDescriptor.Columns')).map(
    (column) => `${text(at(column, 'Name'))} ${text(at(column, 'Type'))}`,
  )

/** The key below which a table's rows lie in the created bucket. */
function prefixOf(template: Template, name: string): string | undefined {
  const parts = list(at(table(template, name), 'StorageDescriptor.Location.Fn::Join.1'))
  const [scheme, bucket, prefix] = parts
  if (scheme !== 's3://' || !same(bucket, { Ref: 'ArchiveBucket' })) return undefined
  return text(prefix).replace(/^\//, '')
}

/** What Hive, and so Athena without a template of its own, calls the place of a partition. */
function partitionOf(template: Template, name: string, values: Readonly<Record<string, string>>): string {
  const keys = list(at(table(template, name), 'PartitionKeys')).map((key) => text(at(key, 'Name')))
  return `${prefixOf(template, name) ?? ''}${keys.map((key) => `${key}=${values[key] ?? ''}/`).join('')}`
}

/** What must hold of the packaged template where it concerns searching with Athena, each a sentence. */
export const SEARCH_CLAIMS: Readonly<Record<string, (template: Template) => boolean>> = {
  'both tables have the columns of a row, in their order': (t) =>
    [SEGMENTS, COMPACTS].every((name) =>
      same(
        columnsOf(t, name).map((column) => column.split(' ')[0]),
        COLUMNS,
      ),
    ),
  'the tables have the names that the search asks for, in the database that the functions know': (t) =>
    same(
      [SEGMENTS, COMPACTS].map((name) => at(table(t, name), 'Name')),
      ['catalog_segment', 'catalog_compact'],
    ) &&
    [SEGMENTS, COMPACTS].every((name) =>
      same(at(t, `Resources.${name}.Properties.DatabaseName`), { Ref: 'CatalogDatabase' }),
    ) &&
    /^[a-z0-9_]+$/.test(text(at(t, 'Resources.CatalogDatabase.Properties.DatabaseInput.Name'))),
  'the tables lie where the catalog is written, in the partitions that it is written in': (t) => {
    const [workspace, day] = ['8bc02f53-87ac-48d2-b4fd-c2cf856a305f', '2024-03-01']
    const keys = createCatalogKeys('')
    return (
      createKeys('')
        .catalog(workspace, day, 'batch')
        .startsWith(partitionOf(t, SEGMENTS, { workspace, day })) &&
      keys.compact(workspace, day, 'digest').startsWith(partitionOf(t, COMPACTS, { workspace, day })) &&
      [SEGMENTS, COMPACTS].every((name) => (prefixOf(t, name) ?? '') !== '') &&
      [SEGMENTS, COMPACTS].every((name) =>
        list(at(table(t, name), 'PartitionKeys')).every((key) => at(key, 'Type') === 'string'),
      )
    )
  },
  'partitions are calculated: a workspace as the query names it, each day from the first that the functions know':
    (t) =>
      [SEGMENTS, COMPACTS].every((name) => {
        const parameters = (at(table(t, name), 'Parameters') ?? {}) as Record<string, Json>
        const projection = Object.entries(parameters).filter(([key]) => /^(projection|storage)\./.test(key))
        return ['compact', 'retrieve'].every((fn) =>
          same(Object.fromEntries(projection), {
            'projection.enabled': 'true',
            'projection.workspace.type': 'injected',
            'projection.day.type': 'date',
            'projection.day.format': 'yyyy-MM-dd',
            'projection.day.range': `${text(environmentOf(t, fn)['CATALOG_FIRST_DAY'])},NOW+2DAYS`,
            'projection.day.interval': '1',
            'projection.day.interval.unit': 'DAYS',
          }),
        )
      }),
  'segments are JSON lines, and a broken one does not end a search': (t) =>
    same(formatOf(t, SEGMENTS), {
      SerializationLibrary: 'org.openx.data.jsonserde.JsonSerDe',
      Parameters: { 'ignore.malformed.json': 'true' },
    }) &&
    text(at(table(t, SEGMENTS), 'StorageDescriptor.InputFormat')) ===
      'org.apache.hadoop.mapred.TextInputFormat',
  'compacts are Parquet, read, written and compressed': (t) =>
    same(formatOf(t, COMPACTS), {
      SerializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe',
    }) &&
    ['Input', 'Output'].every((way) =>
      text(at(table(t, COMPACTS), `StorageDescriptor.${way}Format`)).endsWith(`.MapredParquet${way}Format`),
    ) &&
    (at(table(t, COMPACTS), 'Parameters') as Record<string, Json>)['write.compression'] === 'ZSTD',
  'a search cannot read more than the limit, and its caller cannot change that': (t) =>
    at(t, `${GROUP}.BytesScannedCutoffPerQuery`) === 10_000_000_000 &&
    at(t, `${GROUP}.EnforceWorkGroupConfiguration`) === true,
  'results stay with Athena and are written into no bucket': (t) =>
    same(at(t, `${GROUP}.ManagedQueryResultsConfiguration`), { Enabled: true }) &&
    at(t, `${GROUP}.ResultConfiguration`) === undefined,
  'the engine is one whose SQL is ours, and the work group goes with the stack': (t) =>
    same(at(t, `${GROUP}.EngineVersion`), { SelectedEngineVersion: 'Athena engine version 3' }) &&
    at(t, 'Resources.SearchWorkGroup.Properties.RecursiveDeleteOption') === true,
  'the functions that search know database, work group and first day, as their settings want them': (t) =>
    ['compact', 'retrieve'].every((name) => {
      const environment = environmentOf(t, name)
      const resolved = {
        CATALOG_DATABASE: at(t, 'Resources.CatalogDatabase.Properties.DatabaseInput.Name'),
        CATALOG_WORK_GROUP: at(t, 'Resources.SearchWorkGroup.Properties.Name'),
      }
      if (!same(environment['CATALOG_DATABASE'], { Ref: 'CatalogDatabase' })) return false
      if (!same(environment['CATALOG_WORK_GROUP'], { Ref: 'SearchWorkGroup' })) return false
      const settings = { ...environment, ...resolved, ARCHIVE_BUCKET: 'created-here' }
      const texts = Object.entries(settings).filter(([, value]) => typeof value === 'string')
      try {
        return !readSearchConfig(Object.fromEntries(texts) as Record<string, string>).reasonRequired
      } catch {
        return false
      }
    }),
  'the catalog is compacted each day': (t) => {
    const schedule = at(t, 'Resources.DailyCompaction.Properties')
    return (
      same(JSON.parse(text(at(schedule, 'Target.Input')) || 'null'), { compact: 'all' }) &&
      /^cron\(\d+ \d+ \* \* \? \*\)$/.test(text(at(schedule, 'ScheduleExpression'))) &&
      same(at(schedule, 'State') ?? 'ENABLED', 'ENABLED') &&
      same(at(schedule, 'Target.Arn'), { 'Fn::GetAtt': [FUNCTION, 'Arn'] }) &&
      same(at(schedule, 'Target.RoleArn'), { 'Fn::GetAtt': ['CompactScheduleRole', 'Arn'] }) &&
      same(at(schedule, 'GroupName'), { Ref: 'CompactSchedules' })
    )
  },
  'however late the catalog is compacted, it is over before the next day has its own': (t) =>
    number(t, 'DailyCompaction.Properties.Target.RetryPolicy.MaximumEventAgeInSeconds') +
      number(t, 'CompactLambdaEvConf.Properties.MaximumEventAgeInSeconds') +
      number(t, `${FUNCTION}.Properties.Timeout`) <
      86_400 && number(t, 'CompactLambdaEvConf.Properties.MaximumRetryAttempts') === 0,
  'the schedule may start the compact function and nothing else, and only it has that right': (t) =>
    same(rightsOf(t, 'CompactScheduleRole'), [`lambda:InvokeFunction on ${FUNCTION}`]) &&
    same(at(t, 'Resources.CompactScheduleRole.Properties.AssumeRolePolicyDocument.Statement'), [
      {
        Effect: 'Allow',
        Principal: { Service: 'scheduler.amazonaws.com' },
        Action: 'sts:AssumeRole',
        Condition: {
          StringEquals: {
            'aws:SourceAccount': { Ref: 'AWS::AccountId' },
            'aws:SourceArn': { 'Fn::GetAtt': ['CompactSchedules', 'Arn'] },
          },
        },
      },
    ]),
  'compact may do exactly what it does: it reads the catalog, writes compacts alone, and deletes nothing': (
    t,
  ) =>
    same(rightsOf(t, 'CompactRole'), [
      'athena:GetQueryExecution on workgroup/SearchWorkGroup',
      'athena:GetQueryResults on workgroup/SearchWorkGroup',
      'athena:StartQueryExecution on workgroup/SearchWorkGroup',
      'athena:StopQueryExecution on workgroup/SearchWorkGroup',
      ...['BatchCreatePartition', 'BatchGetPartition'].flatMap((action) => [
        `glue:${action} on catalog`,
        `glue:${action} on database/CatalogDatabase`,
        `glue:${action} on table/CatalogDatabase/CatalogCompactTable`,
      ]),
      'glue:GetDatabase on catalog',
      'glue:GetDatabase on database/CatalogDatabase',
      'glue:GetDatabase on database/default',
      'glue:GetPartition on catalog',
      'glue:GetPartition on database/CatalogDatabase',
      'glue:GetPartition on table/CatalogDatabase/CatalogCompactTable',
      ...TABLE_READING,
      'kms:Decrypt on ArchiveKey',
      'kms:GenerateDataKey on ArchiveKey',
      'logs:CreateLogStream on CompactLogGroup',
      'logs:PutLogEvents on CompactLogGroup',
      's3:AbortMultipartUpload on ArchiveBucket/catalog-compact/*',
      's3:GetBucketLocation on ArchiveBucket',
      's3:GetObject on ArchiveBucket/catalog-compact/*',
      's3:GetObject on ArchiveBucket/catalog-rebuild/*',
      's3:GetObject on ArchiveBucket/catalog/*',
      's3:ListBucket on ArchiveBucket',
      's3:ListMultipartUploadParts on ArchiveBucket/catalog-compact/*',
      's3:PutObject on ArchiveBucket/catalog-compact/*',
      'xray:PutTelemetryRecords on *',
      'xray:PutTraceSegments on *',
    ]) && statementsOf(t, 'CompactRole').every(({ Effect }) => Effect === 'Allow'),
  'a catalog that is not compacted for some days wakes somebody, data or none': (t) => {
    const days = number(t, 'CompactionNotRunAlarm.Properties.EvaluationPeriods')
    return (
      alarmWatches(t, 'CompactionNotRunAlarm', [
        'CompactionsFinished',
        'LessThanThreshold',
        1,
        'breaching',
      ]) &&
      at(t, 'Resources.CompactionNotRunAlarm.Properties.Statistic') === 'Sum' &&
      number(t, 'CompactionNotRunAlarm.Properties.Period') === 86_400 &&
      days >= 2 &&
      days <= 7
    )
  },
  'days that cannot be compacted wake somebody, but not for one run': (t) =>
    alarmWatches(t, 'DaysNotCompactedAlarm', ['DaysNotCompacted', 'GreaterThanThreshold', 0, 'ignore']) &&
    at(t, 'Resources.DaysNotCompactedAlarm.Properties.Statistic') === 'Maximum' &&
    number(t, 'DaysNotCompactedAlarm.Properties.Period') === 86_400 &&
    number(t, 'DaysNotCompactedAlarm.Properties.EvaluationPeriods') >= 2,
  'compacting that failed wakes somebody': (t) =>
    alarmWatches(t, 'CompactErrorsAlarm', ['Errors', 'GreaterThanThreshold', 0, 'notBreaching']) &&
    same(at(t, 'Resources.CompactErrorsAlarm.Properties.Dimensions'), [
      { Name: 'FunctionName', Value: { Ref: FUNCTION } },
    ]),
}

/** What Athena asks of Glue of both tables, for whoever searches. */
export const TABLE_READING = ['GetPartitions', 'GetTable'].flatMap((action) => [
  `glue:${action} on catalog`,
  `glue:${action} on database/CatalogDatabase`,
  `glue:${action} on table/CatalogDatabase/CatalogCompactTable`,
  `glue:${action} on table/CatalogDatabase/CatalogSegmentTable`,
])

function formatOf(template: Template, name: string): Json | undefined {
  return at(table(template, name), 'StorageDescriptor.SerdeInfo')
}
