/** Addresses in transcripts: what they may lead to is decided here, since anybody may have written them. */

/** An address that a person may follow, or an empty string. */
export function followable(address: string): string {
  return /^(https?:\/\/|mailto:)/i.test(address) ? address : "";
}

/** Whether an address is a picture in itself, so that nothing is loaded from elsewhere to show it. */
export function isInlinePicture(address: string): boolean {
  return /^data:image\/(png|jpe?g|gif|webp|avif|bmp);base64,/i.test(address);
}
