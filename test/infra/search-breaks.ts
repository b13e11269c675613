import type { Break } from './breaks.ts'
import type { Json } from './package.ts'

const entry = (claim: string, path: string, value?: Json): Break => ({
  path: `Resources.${path}`,
  value,
  claim,
})
const SEGMENTS = 'CatalogSegmentTable.Properties.TableInput'
const COMPACTS = 'CatalogCompactTable.Properties.TableInput'
const GROUP = 'SearchWorkGroup.Properties.WorkGroupConfiguration'
const ROLE = 'CompactRole.Properties.Policies.0.PolicyDocument.Statement'
const TRUST = 'CompactScheduleRole.Properties.AssumeRolePolicyDocument.Statement.0'
const VARIABLES = 'Properties.Environment.Variables'

const COLUMNS = 'both tables have the columns of a row, in their order'
const NAMES = 'the tables have the names that the search asks for, in the database that the functions know'
const PLACES = 'the tables lie where the catalog is written, in the partitions that it is written in'
const PROJECTION =
  'partitions are calculated: a workspace as the query names it, each day from the first that the functions know'
const LINES = 'segments are JSON lines, and a broken one does not end a search'
const PARQUET = 'compacts are Parquet, read, written and compressed'
const LIMIT = 'a search cannot read more than the limit, and its caller cannot change that'
const RESULTS = 'results stay with Athena and are written into no bucket'
const ENGINE = 'the engine is one whose SQL is ours, and the work group goes with the stack'
const SETTINGS =
  'the functions that search know database, work group and first day, as their settings want them'
const DAILY = 'the catalog is compacted each day'
const OVER = 'however late the catalog is compacted, it is over before the next day has its own'
const ONLY = 'the schedule may start the compact function and nothing else, and only it has that right'
const RIGHTS =
  'compact may do exactly what it does: it reads the catalog, writes compacts alone, and deletes nothing'
const NOT_RUN = 'a catalog that is not compacted for some days wakes somebody, data or none'
const DAYS = 'days that cannot be compacted wake somebody, but not for one run'
const ERRORS = 'compacting that failed wakes somebody'

export const SEARCH_BREAKS: readonly Break[] = [
  entry(COLUMNS, `${SEGMENTS}.StorageDescriptor.Columns.3.Name`, 'began_at'),
  entry(COLUMNS, `${COMPACTS}.StorageDescriptor.Columns.20`, { Name: 'archived', Type: 'string' }),
  entry(NAMES, `${COMPACTS}.Name`, 'compact'),
  entry(NAMES, 'CatalogSegmentTable.Properties.DatabaseName', 'default'),
  entry(NAMES, 'CatalogDatabase.Properties.DatabaseInput.Name', 'bird-recording-archiver-example'),
  entry(PLACES, `${SEGMENTS}.StorageDescriptor.Location.Fn::Join.1.2`, '/'),
  entry(PLACES, `${COMPACTS}.StorageDescriptor.Location.Fn::Join.1.2`, '/catalog/'),
  entry(PLACES, `${COMPACTS}.StorageDescriptor.Location.Fn::Join.1.1`, 'another-bucket'),
  entry(PLACES, `${SEGMENTS}.PartitionKeys.0.Name`, 'day'),
  entry(PLACES, `${SEGMENTS}.PartitionKeys.1.Type`, 'date'),
  entry(PROJECTION, `${SEGMENTS}.Parameters`, { classification: 'json' }),
  entry(
    PROJECTION,
    'RetrieveLambdaFunction.Properties.Environment.Variables.CATALOG_FIRST_DAY',
    '2021-01-01',
  ),
  entry(PROJECTION, 'CompactLambdaFunction.Properties.Environment.Variables.CATALOG_FIRST_DAY'),
  entry(LINES, `${SEGMENTS}.StorageDescriptor.SerdeInfo.Parameters`),
  entry(
    LINES,
    `${SEGMENTS}.StorageDescriptor.InputFormat`,
    'org.apache.hadoop.mapred.SequenceFileInputFormat',
  ),
  entry(
    PARQUET,
    `${COMPACTS}.StorageDescriptor.SerdeInfo.SerializationLibrary`,
    'org.openx.data.jsonserde.JsonSerDe',
  ),
  entry(PARQUET, `${COMPACTS}.StorageDescriptor.OutputFormat`),
  entry(LIMIT, `${GROUP}.EnforceWorkGroupConfiguration`, false),
  entry(LIMIT, `${GROUP}.BytesScannedCutoffPerQuery`),
  entry(RESULTS, `${GROUP}.ManagedQueryResultsConfiguration.Enabled`, false),
  entry(RESULTS, `${GROUP}.ResultConfiguration`, { OutputLocation: 's3://results/' }),
  entry(ENGINE, `${GROUP}.EngineVersion.SelectedEngineVersion`, 'AUTO'),
  entry(ENGINE, 'SearchWorkGroup.Properties.RecursiveDeleteOption'),
  entry(SETTINGS, `CompactLambdaFunction.${VARIABLES}.CATALOG_WORK_GROUP`),
  entry(SETTINGS, `RetrieveLambdaFunction.${VARIABLES}.CATALOG_DATABASE`, 'default'),
  entry(SETTINGS, `RetrieveLambdaFunction.${VARIABLES}.RETRIEVE_REASON_REQUIRED`, 'yes'),
  entry(SETTINGS, 'SearchWorkGroup.Properties.Name', 'search of recordings'),
  entry(DAILY, 'DailyCompaction.Properties.Target.Input', '{"compact": "some"}'),
  entry(DAILY, 'DailyCompaction.Properties.ScheduleExpression', 'cron(7 2 ? * SUN *)'),
  entry(DAILY, 'DailyCompaction.Properties.State', 'DISABLED'),
  entry(DAILY, 'DailyCompaction.Properties.Target.Arn', { 'Fn::GetAtt': ['VerifyLambdaFunction', 'Arn'] }),
  entry(OVER, 'DailyCompaction.Properties.Target.RetryPolicy'),
  entry(OVER, 'CompactLambdaEvConf.Properties.MaximumRetryAttempts', 2),
  entry(ONLY, 'CompactScheduleRole.Properties.Policies.0.PolicyDocument.Statement.0.Resource', '*'),
  entry(ONLY, `${TRUST}.Condition.StringEquals.aws:SourceArn`),
  entry(RIGHTS, `${ROLE}.1.Action.0`, 's3:DeleteObject'),
  entry(RIGHTS, `${ROLE}.1.Resource`, {
    'Fn::Join': ['', [{ 'Fn::GetAtt': ['ArchiveBucket', 'Arn'] }, '/catalog/*']],
  }),
  entry(RIGHTS, `${ROLE}.3.Resource`, '*'),
  entry(RIGHTS, `${ROLE}.5.Action.0`, 'glue:DeleteTable'),
  entry(RIGHTS, 'CompactKeyUse.Properties.RoleName.Ref', 'VerifyRole'),
  entry(NOT_RUN, 'CompactionNotRunAlarm.Properties.TreatMissingData', 'notBreaching'),
  entry(NOT_RUN, 'CompactionNotRunAlarm.Properties.EvaluationPeriods', 1),
  entry(DAYS, 'DaysNotCompactedAlarm.Properties.EvaluationPeriods', 1),
  entry(DAYS, 'DaysNotCompactedAlarm.Properties.Threshold', 1),
  entry(DAYS, 'DaysNotCompactedAlarm.Properties.AlarmActions', []),
  entry(ERRORS, 'CompactErrorsAlarm.Properties.Dimensions.0.Value.Ref', 'ArchiveLambdaFunction'),
  entry(ERRORS, 'CompactErrorsAlarm.Properties.AlarmActions', []),
]
