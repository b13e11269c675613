/**
 * Where a body is put, byte for byte, as it comes off the wire: the receiver hands out the memory, and the sender reads
 * straight into it. Nothing is allocated for a body on its way, and nothing copied.
 */
export interface Landing {
  /** Free memory for the next bytes; never empty while more may come. */
  room(): Buffer
  /**
   * Says that the first `bytes` bytes of the room handed out last are filled. A promise means "no more until it is
   * settled"; what it rejects with, or what is thrown, ends the transfer.
   */
  landed(bytes: number): Promise<void> | undefined
}
