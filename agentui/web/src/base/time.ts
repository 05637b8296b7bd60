// Wall clocks of other zones. A zone is an IANA name or an offset such as
// -05:00; instants are milliseconds since 1970.

const offsetForm = /^([+-])(\d{2}):(\d{2})$/;
const formats = new Map<string, Intl.DateTimeFormat>();

/** validZone reports whether the browser knows the zone. */
export function validZone(zone: string | undefined): zone is string {
  if (!zone) return false;
  if (offsetForm.test(zone)) return true;
  try {
    formatIn(zone);
    return true;
  } catch {
    return false;
  }
}

/** offsetOf takes the offset out of an RFC 3339 text; Z is +00:00. */
export function offsetOf(text: string | undefined): string | undefined {
  if (text?.endsWith("Z")) return "+00:00";
  return text?.match(/[+-]\d{2}:\d{2}$/)?.[0];
}

/** ownZone is the zone of this machine. */
export function ownZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

/** wallOf gives the wall clock of an instant as 2026-11-24T10:00. */
export function wallOf(instant: number, zone: string): string {
  return new Date(instant + offsetAt(instant, zone)).toISOString().slice(0, 16);
}

/**
 * instantOf gives the instant of a wall clock such as 2026-11-24T10:00, NaN for
 * what is none. A time that happens twice means the first; one that is skipped
 * moves on by the skip.
 */
export function instantOf(wall: string, zone: string): number {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/.test(wall)) return Number.NaN;
  const asUTC = Date.parse(`${wall.slice(0, 16)}:00Z`);
  if (Number.isNaN(asUTC)) return Number.NaN;
  // The offset a day before and a day after: one of them holds unless the
  // clocks change in between, and then the earlier instant that fits is meant.
  const day = 86_400_000;
  const candidates = [offsetAt(asUTC - day, zone), offsetAt(asUTC + day, zone)].map((offset) => asUTC - offset);
  const fitting = candidates.filter((instant) => instant + offsetAt(instant, zone) === asUTC);
  return fitting.length > 0 ? Math.min(...fitting) : Math.max(...candidates);
}

/** offsetAt is how far the zone's clock is ahead of UTC, in ms. */
function offsetAt(instant: number, zone: string): number {
  const fixed = offsetForm.exec(zone);
  if (fixed) return (fixed[1] === "-" ? -1 : 1) * (Number(fixed[2]) * 60 + Number(fixed[3])) * 60_000;
  const parts: Record<string, string> = {};
  for (const p of formatIn(zone).formatToParts(instant)) parts[p.type] = p.value;
  const wall = Date.UTC(
    Number(parts.year),
    Number(parts.month) - 1,
    Number(parts.day),
    Number(parts.hour),
    Number(parts.minute),
    Number(parts.second),
  );
  return wall - Math.floor(instant / 1000) * 1000;
}

function formatIn(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    formats.set(zone, format);
  }
  return format;
}
