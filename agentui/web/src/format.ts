/** clock writes seconds as 1:05 or 1:02:03. */
export function clock(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  const two = (n: number) => String(n).padStart(2, "0");
  const h = Math.floor(s / 3600);
  const m = Math.floor(s / 60) % 60;
  return h > 0 ? `${h}:${two(m)}:${two(s % 60)}` : `${m}:${two(s % 60)}`;
}

/** since gives the seconds from an RFC 3339 time to now (milliseconds). */
export function since(from: string | undefined, now: number): number {
  return from ? (now - Date.parse(from)) / 1000 : 0;
}

/** words turns a code such as not_interested into "Not interested". */
export function words(code: string): string {
  const text = code.replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** percent writes a fraction of 1. */
export function percent(fraction: number, digits = 1): string {
  return `${(100 * fraction).toFixed(digits)} %`;
}

/** wallTime shows the time of day of an RFC 3339 text in its own offset. */
export function wallTime(text: string | undefined): string {
  return text ? text.slice(11, 16) : "";
}
