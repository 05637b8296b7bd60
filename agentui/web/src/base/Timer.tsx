import { clock, since } from "./format";
import { now } from "../state";

/** Timer counts from a time on, silently for screen readers. */
export function Timer({ from, at }: { from: string | undefined; at?: number }) {
  return (
    <span class="clock" aria-hidden="true">
      {clock(since(from, at ?? now.value))}
    </span>
  );
}
