const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

let last = 0;

/**
 * ulid makes the id of a command: 26 characters of Crockford's base 32, 48 bits
 * of milliseconds and 80 random bits. Ids of one page are in the order of their
 * making, so that what waits in the outbox is sent in the order it was asked for.
 */
export function ulid(now = Date.now()): string {
  last = now > last ? now : last + 1;
  let rest = last;
  let text = "";
  for (let i = 0; i < 10; i++) {
    text = alphabet.charAt(rest % 32) + text;
    rest = Math.floor(rest / 32);
  }
  for (const byte of crypto.getRandomValues(new Uint8Array(16))) text += alphabet.charAt(byte % 32);
  return text;
}
