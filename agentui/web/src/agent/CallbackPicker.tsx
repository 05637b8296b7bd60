import { useEffect, useRef } from "preact/hooks";
import { dayAndTime, timeOfDay } from "../base/format";
import { instantOf, ownZone, wallOf } from "../base/time";
import { now } from "../state";
import type { Draft } from "./drafts";

/** The quick choices, in hours from now. */
const soon: [string, number][] = [
  ["In 1 hour", 1],
  ["In 3 hours", 3],
  ["Tomorrow", 24],
];

/** CallbackPicker asks for a time on the customer's clock and shows it on both. */
export function CallbackPicker({
  draft,
  zone,
  disabled,
  change,
}: {
  draft: Draft;
  zone: string;
  disabled: boolean;
  change: (part: Partial<Draft>) => void;
}) {
  const at = instantOf(draft.callback, zone);
  const here = ownZone();
  const place = useRef<HTMLFieldSetElement>(null);
  useEffect(() => place.current?.scrollIntoView({ block: "nearest" }), []);
  return (
    <fieldset class="callback" ref={place} disabled={disabled}>
      <legend>Call back</legend>
      <div class="buttons">
        {soon.map(([label, hours]) => (
          <button type="button" key={label} onClick={() => change({ callback: wallOf(quarter(now.value + hours * 3_600_000), zone) })}>
            {label}
          </button>
        ))}
      </div>
      <label>
        On the customer's clock ({placeOf(zone)}, {timeOfDay(now.value, zone)} now)
        <input
          type="datetime-local"
          data-testid="callback"
          step={300}
          min={wallOf(now.value, zone)}
          value={draft.callback}
          onInput={(e) => change({ callback: e.currentTarget.value })}
        />
      </label>
      <p class="both" data-testid="both-times">
        {Number.isNaN(at) ? (
          <span class="quiet">The time is shown on both clocks here.</span>
        ) : (
          <>
            <b>{dayAndTime(at, zone)}</b> there
            <br />
            <b>{dayAndTime(at, here)}</b> for you ({placeOf(here)})
          </>
        )}
      </p>
      <label class="choice">
        <input type="checkbox" checked={draft.personal} onChange={(e) => change({ personal: e.currentTarget.checked })} />
        <span>Keep it for me</span>
      </label>
    </fieldset>
  );
}

/** placeOf writes America/New_York as New York. */
function placeOf(zone: string): string {
  return zone.slice(zone.lastIndexOf("/") + 1).replaceAll("_", " ");
}

/** quarter goes on to the next full quarter of an hour. */
function quarter(instant: number): number {
  return Math.ceil(instant / 900_000) * 900_000;
}
