import { ownZone, wallOf } from "./time";

const days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** clock writes seconds as 1:05 or 1:02:03. */
export function clock(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds)) || 0;
  const two = (n: number) => String(n).padStart(2, "0");
  const h = Math.floor(s / 3600);
  const m = Math.floor(s / 60) % 60;
  return h > 0 ? `${h}:${two(m)}:${two(s % 60)}` : `${m}:${two(s % 60)}`;
}

/** since gives the seconds from an RFC 3339 time to an instant in ms. */
export function since(from: string | undefined, now: number): number {
  const t = Date.parse(from ?? "");
  return Number.isNaN(t) ? 0 : Math.max(0, (now - t) / 1000);
}

/** words turns a code such as not_interested into "Not interested". */
export function words(code: string | undefined): string {
  const text = (code ?? "").replace("wrap_up", "wrap-up").replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** percent writes a fraction of 1. */
export function percent(fraction: number, digits = 1): string {
  return `${(100 * (fraction || 0)).toFixed(digits)} %`;
}

/** timeOfDay writes an instant as 21:00 in a zone. */
export function timeOfDay(instant: number, zone = ownZone()): string {
  return Number.isNaN(instant) ? "" : wallOf(instant, zone).slice(11);
}

/** dayAndTime writes an instant as "Wed 25 Nov, 10:00" in a zone. */
export function dayAndTime(instant: number, zone = ownZone()): string {
  if (Number.isNaN(instant)) return "";
  const wall = wallOf(instant, zone);
  const date = new Date(`${wall}:00Z`);
  return `${days[date.getUTCDay()]} ${date.getUTCDate()} ${months[date.getUTCMonth()]}, ${wall.slice(11)}`;
}

/** phone groups the digits of a North American number; others stay as they are. */
export function phone(number: string): string {
  const m = /^\+1(\d{3})(\d{3})(\d{4})$/.exec(number);
  return m ? `+1 ${m[1]} ${m[2]} ${m[3]}` : number;
}

/** nameOf gives a person's full name, or the company. */
export function nameOf(p: { first_name?: string; last_name?: string; company?: string }): string {
  return [p.first_name, p.last_name].filter(Boolean).join(" ") || p.company || "";
}

/**
 * explain writes a problem for a person: what is wrong and with which field.
 * Times in it are written in the given zone.
 */
export function explain(p: { title: string; detail?: string; field?: string }, zone?: string): string {
  const field = words(p.field?.replace(/^d\./, ""));
  const text = [field, p.detail || p.title].filter(Boolean).join(": ");
  return text.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)/g, (time) => dayAndTime(Date.parse(time), zone));
}
