import { startSandbox } from '/work/main/lib/sandbox/sandbox.ts'
import { startEventSource } from '/work/main/lib/sandbox/event-source.ts'
import { SQSClient, SendMessageBatchCommand, GetQueueAttributesCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs'
import { S3Client, GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3'
import { rmSync } from 'node:fs'
import { createHash } from 'node:crypto'
const dir=process.argv[2]!; rmSync(dir,{recursive:true,force:true})
const n=Number(process.argv[3]??300)
let c0=process.cpuUsage(), t0=performance.now()
const lap=(what:string)=>{const c=process.cpuUsage(c0);console.error(what,'wall',Math.round(performance.now()-t0),'cpu',Math.round((c.user+c.system)/1000));c0=process.cpuUsage();t0=performance.now()}
const sb=await startSandbox({directory:dir,recordings:n,queueClock:100})
lap('ready')
Object.assign(process.env,sb.ready.env)
const { handler } = await import('/work/main/functions/archive.ts')
const {env}=sb.ready
const credentials={accessKeyId:env.AWS_ACCESS_KEY_ID!,secretAccessKey:env.AWS_SECRET_ACCESS_KEY!}
const sqs=new SQSClient({})
const entries=sb.deliveries.map((d,i)=>({Id:String(i),MessageBody:d.body}))
for(let i=0;i<entries.length;i+=10) await sqs.send(new SendMessageBatchCommand({QueueUrl:env.QUEUE_URL,Entries:entries.slice(i,i+10)}))
lap('enqueued')
const es=await startEventSource({sqsEndpoint:sb.ready.sqs.endpoint,queueUrl:env.QUEUE_URL!,credentials,region:env.AWS_REGION!,handler,maximumConcurrency:2,queueClock:100,onBatch:r=>{ if(r.fault) console.error(r.fault,r.error)}})
const count=async(u:string)=>{const a=(await sqs.send(new GetQueueAttributesCommand({QueueUrl:u,AttributeNames:['All']}))).Attributes!;return [a.ApproximateNumberOfMessages,a.ApproximateNumberOfMessagesNotVisible,a.ApproximateNumberOfMessagesDelayed].map(Number)}
for(let last='';;){ await new Promise(r=>setTimeout(r,500)); const [a,b]=[await count(env.QUEUE_URL!),await count(env.DEAD_LETTER_QUEUE_URL!)]; const l=JSON.stringify([a,b]); if(l!==last) console.error(Math.round(performance.now()-t0),l); last=l; if(a.every(x=>x===0)) break }
lap('drained')
await es.stop()
const dead:any[]=[]; for(;;){const m=(await sqs.send(new ReceiveMessageCommand({QueueUrl:env.DEAD_LETTER_QUEUE_URL,MaxNumberOfMessages:10,MessageAttributeNames:['All']}))).Messages??[]; if(!m.length)break; dead.push(...m)}
for(const d of dead){const plan=sb.deliveries.find(x=>x.body===d.Body); console.error('dead',d.MessageAttributes?.reason?.StringValue,plan?.deadLetterReason,plan?.expected, plan?.recordingId && sb.calls.find(c=>c.recordingId===plan.recordingId)?.role)}
const s3=new S3Client({forcePathStyle:true}); const keys:string[]=[]; let tok:string|undefined; do{const r=await s3.send(new ListObjectsV2Command({Bucket:env.ARCHIVE_BUCKET,ContinuationToken:tok})); keys.push(...(r.Contents??[]).map(o=>o.Key!)); tok=r.NextContinuationToken}while(tok)
let good=0,bad=0; for(const c of sb.calls){ const key=keys.find(k=>k.endsWith(`${c.recordingId}.mp3`)); if(c.expected!=='archived'){ if(key){bad++;console.error('should not be there',c.role)} continue} if(!key){bad++;console.error('missing',c.role,c.recordingId);continue} const o=await s3.send(new GetObjectCommand({Bucket:env.ARCHIVE_BUCKET,Key:key})); const h=createHash('sha256'); for await(const b of o.Body as any) h.update(b); if(h.digest('hex')===sb.media.get(c.recordingId)!.sha256) good++; else {bad++;console.error('differs',c.role)}}
console.error({good,bad,keys:keys.length,json:keys.filter(k=>k.endsWith('.json')).length})
await sb.close(); lap('checked'); process.exit(0)
