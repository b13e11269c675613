import { ROUTES } from '../../lib/retrieve/routes.ts'
import type { Json, Template } from './package.ts'
import { TABLE_READING } from './search-claims.ts'
import { alarmWatches, at, environmentOf, number, rightsOf, same, statementsOf, text } from './tree.ts'

const FUNCTION = 'RetrieveLambdaFunction'
const STAGE = 'Resources.RetrieveStage.Properties'
/** API Gateway's longest wait for a function. */
const LONGEST_WAIT_SECONDS = 30
/** What may be said of a request in the log: nothing that carries a path, a query, a header or a body. */
const LOGGED = [
  'error.responseType',
  'identity.sourceIp',
  'identity.userArn',
  'integrationStatus',
  'requestId',
  'requestTime',
  'responseLatency',
  'responseLength',
  'routeKey',
  'status',
]

const ofType = (template: Template, type: string): Record<string, Json>[] =>
  Object.values(template.Resources)
    .filter(({ Type }) => Type === type)
    .map(({ Properties }) => Properties)

/** What must hold of the packaged template where it concerns the HTTP API, each a sentence. */
export const API_CLAIMS: Readonly<Record<string, (template: Template) => boolean>> = {
  'every route of the API, and whatever is none, asks for a signature of IAM': (t) => {
    const routes = ofType(t, 'AWS::ApiGatewayV2::Route')
    return (
      same(routes.map((route) => text(route['RouteKey'])).toSorted(), [
        '$default',
        ...Object.values(ROUTES)
          .map(({ method, path }) => `${method} ${path}`)
          .toSorted(),
      ]) &&
      routes.every(
        (route) =>
          route['AuthorizationType'] === 'AWS_IAM' &&
          same(route['ApiId'], { Ref: 'RetrieveApi' }) &&
          same(route['Target'], { 'Fn::Sub': 'integrations/${RetrieveIntegration}' }),
      )
    )
  },
  'there is one API, without a shortcut past its routes, and one stage': (t) =>
    same(
      ofType(t, 'AWS::ApiGatewayV2::Api').map((api) => Object.keys(api).toSorted()),
      [['Description', 'Name', 'ProtocolType']],
    ) &&
    ofType(t, 'AWS::ApiGatewayV2::Stage').length === 1 &&
    Object.values(t.Resources).every(({ Type }) => Type !== 'AWS::Lambda::Url'),
  'the API calls retrieve, as retrieve reads events, and nobody else may': (t) =>
    same(at(t, 'Resources.RetrieveIntegration.Properties'), {
      ApiId: { Ref: 'RetrieveApi' },
      IntegrationType: 'AWS_PROXY',
      IntegrationUri: { 'Fn::GetAtt': [FUNCTION, 'Arn'] },
      PayloadFormatVersion: '2.0',
    }) &&
    same(
      ofType(t, 'AWS::Lambda::Permission').filter((one) => same(one['FunctionName'], { Ref: FUNCTION })),
      [
        {
          FunctionName: { Ref: FUNCTION },
          Action: 'lambda:InvokeFunction',
          Principal: 'apigateway.amazonaws.com',
          SourceArn: {
            'Fn::Sub': 'arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${RetrieveApi}/*',
          },
        },
      ],
    ),
  'requests are limited, and searches, which cost, more than others': (t) => {
    const rates = [
      at(t, `${STAGE}.DefaultRouteSettings`),
      at(t, `${STAGE}.RouteSettings.GET /recordings`),
      at(t, `${STAGE}.RouteSettings.$default`),
    ].map((settings) => Number(at(settings, 'ThrottlingRateLimit')))
    const bursts = [
      at(t, `${STAGE}.DefaultRouteSettings`),
      at(t, `${STAGE}.RouteSettings.GET /recordings`),
      at(t, `${STAGE}.RouteSettings.$default`),
    ].map((settings) => Number(at(settings, 'ThrottlingBurstLimit')))
    const dependsOn = Object.entries(t.Resources).find(([name]) => name === 'RetrieveStage')?.[1]
    return (
      [rates, bursts].every(
        ([all = Number.NaN, search = Number.NaN, other = Number.NaN]) =>
          search >= 1 && other >= 1 && search < all && other < all && all <= 100,
      ) && same(at(dependsOn, 'DependsOn'), ['SearchRoute', 'OtherRoute'])
    )
  },
  'the log of the API has one line a request, for a time, and no path, query, header or body in it': (t) => {
    const format = text(at(t, `${STAGE}.AccessLogSettings.Format`))
    const names = [...format.matchAll(/\$context\.([\w.]+)/g)].map(([, name]) => name!)
    return (
      same(names.toSorted(), LOGGED) &&
      !format.includes('\n') &&
      format.split('$context.').length === format.split('$').length &&
      same(at(t, `${STAGE}.AccessLogSettings.DestinationArn`), {
        'Fn::GetAtt': ['RetrieveApiLogGroup', 'Arn'],
      }) &&
      text(at(t, 'Resources.RetrieveApiLogGroup.Properties.LogGroupName')).startsWith('/aws/vendedlogs/') &&
      number(t, 'RetrieveApiLogGroup.Properties.RetentionInDays') > 0
    )
  },
  'retrieve ends by itself before the API gives it up': (t) =>
    number(t, `${FUNCTION}.Properties.Timeout`) < LONGEST_WAIT_SECONDS &&
    number(t, `${FUNCTION}.Properties.Timeout`) > 20,
  'a purpose is asked for, and numbers are read, as the parameters say': (t) => {
    const environment = environmentOf(t, 'retrieve')
    return environment['RETRIEVE_REASON_REQUIRED'] === 'false' && environment['RETRIEVE_COUNTRY'] === ''
  },
  'retrieve may do exactly what it does: it reads, writes the access log alone, and neither deletes, shortens nor holds':
    (t) =>
      same(rightsOf(t, 'RetrieveRole'), [
        'athena:GetQueryExecution on workgroup/SearchWorkGroup',
        'athena:GetQueryResults on workgroup/SearchWorkGroup',
        'athena:StartQueryExecution on workgroup/SearchWorkGroup',
        'athena:StopQueryExecution on workgroup/SearchWorkGroup',
        'glue:GetDatabase on catalog',
        'glue:GetDatabase on database/CatalogDatabase',
        'glue:GetDatabase on database/default',
        ...TABLE_READING,
        'kms:Decrypt on ArchiveKey',
        'kms:GenerateDataKey on ArchiveKey',
        'logs:CreateLogStream on RetrieveLogGroup',
        'logs:PutLogEvents on RetrieveLogGroup',
        's3:GetBucketLocation on ArchiveBucket',
        's3:GetObject on ArchiveBucket/access/*',
        's3:GetObject on ArchiveBucket/catalog-compact/*',
        's3:GetObject on ArchiveBucket/catalog-rebuild/*',
        's3:GetObject on ArchiveBucket/catalog/*',
        's3:GetObject on ArchiveBucket/holds/*',
        's3:GetObject on ArchiveBucket/recordings/*',
        's3:GetObjectLegalHold on ArchiveBucket/recordings/*',
        's3:GetObjectRetention on ArchiveBucket/access/*',
        's3:GetObjectRetention on ArchiveBucket/recordings/*',
        's3:GetObjectVersion on ArchiveBucket/access/*',
        's3:GetObjectVersion on ArchiveBucket/recordings/*',
        's3:ListBucket on ArchiveBucket',
        's3:ListBucketVersions on ArchiveBucket',
        's3:PutObject on ArchiveBucket/access/*',
        's3:PutObjectRetention on ArchiveBucket/access/*',
        'xray:PutTelemetryRecords on *',
        'xray:PutTraceSegments on *',
      ]) && statementsOf(t, 'RetrieveRole').every(({ Effect }) => Effect === 'Allow'),
  'what the API could not answer wakes somebody': (t) =>
    alarmWatches(t, 'ApiFailuresAlarm', ['5xx', 'GreaterThanThreshold', 0, 'notBreaching']) &&
    at(t, 'Resources.ApiFailuresAlarm.Properties.Namespace') === 'AWS/ApiGateway' &&
    same(at(t, 'Resources.ApiFailuresAlarm.Properties.Dimensions'), [
      { Name: 'ApiId', Value: { Ref: 'RetrieveApi' } },
    ]),
  'errors and throttles of retrieve wake somebody': (t) =>
    ['Errors', 'Throttles'].every(
      (name) =>
        alarmWatches(t, `Retrieve${name}Alarm`, [name, 'GreaterThanThreshold', 0, 'notBreaching']) &&
        same(at(t, `Resources.Retrieve${name}Alarm.Properties.Dimensions`), [
          { Name: 'FunctionName', Value: { Ref: FUNCTION } },
        ]),
    ),
}
