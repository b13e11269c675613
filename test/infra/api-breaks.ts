import type { Break } from './breaks.ts'
import type { Json } from './package.ts'

const entry = (claim: string, path: string, value?: Json): Break => ({
  path: `Resources.${path}`,
  value,
  claim,
})
const ROLE = 'RetrieveRole.Properties.Policies.0.PolicyDocument.Statement'
const STAGE = 'RetrieveStage.Properties'
const VARIABLES = 'RetrieveLambdaFunction.Properties.Environment.Variables'

const SIGNED = 'every route of the API, and whatever is none, asks for a signature of IAM'
const ONE = 'there is one API, without a shortcut past its routes, and one stage'
const CALLS = 'the API calls retrieve, as retrieve reads events, and nobody else may'
const LIMITED = 'requests are limited, and searches, which cost, more than others'
const LOGGED =
  'the log of the API has one line a request, for a time, and no path, query, header or body in it'
const ENDS = 'retrieve ends by itself before the API gives it up'
const PURPOSE = 'a purpose is asked for, and numbers are read, as the parameters say'
const RIGHTS =
  'retrieve may do exactly what it does: it reads, writes the access log alone, and neither deletes, shortens nor holds'
const FAILURES = 'what the API could not answer wakes somebody'
const ERRORS = 'errors and throttles of retrieve wake somebody'

export const API_BREAKS: readonly Break[] = [
  entry(SIGNED, 'LinkRoute.Properties.AuthorizationType', 'NONE'),
  entry(SIGNED, 'OtherRoute.Properties.AuthorizationType'),
  entry(SIGNED, 'DescriptionRoute.Properties.RouteKey', 'ANY /{proxy+}'),
  entry(SIGNED, 'SearchRoute.Properties.Target', 'integrations/another'),
  entry(SIGNED, 'AnotherRoute', {
    Type: 'AWS::ApiGatewayV2::Route',
    Properties: { ApiId: { Ref: 'RetrieveApi' }, RouteKey: 'GET /links' },
  }),
  entry(ONE, 'RetrieveApi.Properties.Target', { 'Fn::GetAtt': ['RetrieveLambdaFunction', 'Arn'] }),
  entry(ONE, 'RetrieveApi.Properties.CorsConfiguration', { AllowOrigins: ['*'] }),
  entry(ONE, 'RetrieveUrl', { Type: 'AWS::Lambda::Url', Properties: { AuthType: 'NONE' } }),
  entry(CALLS, 'RetrieveIntegration.Properties.PayloadFormatVersion', '1.0'),
  entry(CALLS, 'RetrievePermission.Properties.SourceArn'),
  entry(CALLS, 'AnotherPermission', {
    Type: 'AWS::Lambda::Permission',
    Properties: { FunctionName: { Ref: 'RetrieveLambdaFunction' }, Principal: '*' },
  }),
  entry(LIMITED, `${STAGE}.DefaultRouteSettings`),
  entry(LIMITED, `${STAGE}.RouteSettings.$default`),
  entry(LIMITED, `${STAGE}.RouteSettings.GET /recordings`, { ThrottlingRateLimit: 20 }),
  entry(LIMITED, 'RetrieveStage.DependsOn'),
  entry(LOGGED, `${STAGE}.AccessLogSettings.Format`, '$context.requestId $context.path'),
  entry(LOGGED, `${STAGE}.AccessLogSettings`),
  entry(LOGGED, 'RetrieveApiLogGroup.Properties.RetentionInDays'),
  entry(ENDS, 'RetrieveLambdaFunction.Properties.Timeout', 30),
  entry(PURPOSE, `${VARIABLES}.RETRIEVE_REASON_REQUIRED`),
  entry(PURPOSE, `${VARIABLES}.RETRIEVE_COUNTRY`, 'US'),
  entry(RIGHTS, `${ROLE}.0.Action.3`, 's3:PutObjectLegalHold'),
  entry(RIGHTS, `${ROLE}.0.Action.2`, 's3:PutObjectRetention'),
  entry(RIGHTS, `${ROLE}.2.Action.2`, 's3:DeleteObject'),
  entry(RIGHTS, `${ROLE}.2.Resource`, {
    'Fn::Join': ['', [{ 'Fn::GetAtt': ['ArchiveBucket', 'Arn'] }, '/recordings/*']],
  }),
  entry(RIGHTS, `${ROLE}.4.Resource`, '*'),
  entry(RIGHTS, 'RetrieveKeyUse.Properties.RoleName.Ref', 'ArchiveRole'),
  entry(FAILURES, 'ApiFailuresAlarm.Properties.MetricName', '5XXError'),
  entry(FAILURES, 'ApiFailuresAlarm.Properties.Dimensions.0.Name', 'ApiName'),
  entry(ERRORS, 'RetrieveErrorsAlarm.Properties.Dimensions.0.Value.Ref', 'ArchiveLambdaFunction'),
  entry(ERRORS, 'RetrieveThrottlesAlarm.Properties.AlarmActions', []),
]
