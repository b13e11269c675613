import { join } from 'node:path'

/** Where one gateway lives. */
export interface GatewayPlace {
  readonly directory: string
  readonly fsid: string
  /** The monitor's two protocols, and S3. */
  readonly ports: { readonly monV2: number; readonly monV1: number; readonly s3: number }
}

const MEMORY_BYTES = 2 * 1024 ** 3

/** One monitor, one storage daemon that keeps everything in memory, one gateway; all on 127.0.0.1, without authentication. */
export function writeCephConf({ directory, fsid, ports }: GatewayPlace): string {
  return `[global]
fsid = ${fsid}
mon host = ${monitorAddress(ports)}
auth cluster required = none
auth service required = none
auth client required = none
# The gateway's default towards the monitor is encryption, which hangs where there is no authentication.
ms mon client mode = crc
public addr = 127.0.0.1
cluster addr = 127.0.0.1
mon data avail warn = 1
run dir = ${join(directory, 'run')}
admin socket = ${join(directory, 'run', '$name.asok')}
pid file = ${join(directory, 'run', '$name.pid')}
log file = ${join(directory, 'log', '$name.log')}
log to stderr = false
err to stderr = true
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd pool default pgp num = 8
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon max pg per osd = 1000
mon warn on pool no redundancy = false
[mon.a]
mon data = ${join(directory, 'mon')}
mon cluster log file = ${join(directory, 'log', 'cluster.log')}
[osd.0]
osd data = ${join(directory, 'osd')}
osd objectstore = memstore
memstore device bytes = ${MEMORY_BYTES}
[client.rgw.a]
rgw data = ${join(directory, 'rgw')}
rgw frontends = beast endpoint=127.0.0.1:${ports.s3}
rgw dns name = localhost
rgw thread pool size = 64
`
}

/** How a monitor's address is written. */
export function monitorAddress({ monV2, monV1 }: GatewayPlace['ports']): string {
  return `[v2:127.0.0.1:${monV2},v1:127.0.0.1:${monV1}]`
}
