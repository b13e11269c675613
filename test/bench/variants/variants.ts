import { aws } from './aws.ts'
import { curl } from './curl.ts'
import { naive } from './naive.ts'
import { rclone, rcloneRcat } from './rclone.ts'
import { relay } from './relay.ts'
import { ours } from './ours.ts'
import type { Variant } from './variant.ts'

/** All variants, in the order in which they take turns. */
export const VARIANTS: readonly Variant[] = [ours, naive, relay, rclone, rcloneRcat, aws, curl]
