import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { clock, phone } from "../base/format";
import type { PreviewView } from "../protocol.gen";
import { command, live, now } from "../state";
import { follows, keyOf, secondsLeft, skips } from "./preview";

/** PreviewPanel lets the agent dial or skip the candidate that is shown. */
export function PreviewPanel({ p }: { p: PreviewView }) {
  const reason = useSignal(skips[0] as string);
  const busy = useSignal(false);
  const able = live.value && !busy.value;

  async function dial(): Promise<void> {
    busy.value = true;
    await command("preview.dial", { candidate_id: p.candidate_id });
    busy.value = false;
  }
  async function skip(): Promise<void> {
    busy.value = true;
    await command("preview.skip", { candidate_id: p.candidate_id, reason: reason.value });
    busy.value = false;
  }
  useEffect(() => {
    const press = (e: KeyboardEvent) => {
      const typing = e.target instanceof HTMLElement && e.target.closest("input, select, textarea") !== null;
      const wish = e.ctrlKey || e.altKey || e.metaKey ? undefined : keyOf(e.key, typing);
      if (!wish || busy.value || !live.value) return;
      e.preventDefault();
      void (wish === "dial" ? dial() : skip());
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [p.candidate_id]);

  return (
    <div class="preview" data-testid="preview">
      <h3>Before the call</h3>
      <p>
        {phone(p.number)} · {p.campaign}
      </p>
      <p role="timer" data-testid="preview-left">
        {clock(secondsLeft(p.until, now.value))} left, {follows[p.on_time_out]}
      </p>
      <div class="buttons">
        <button type="button" class="primary" data-testid="preview-dial" disabled={!able} onClick={() => void dial()}>
          Dial <kbd>d</kbd>
        </button>
        <button type="button" data-testid="preview-skip" disabled={!able} onClick={() => void skip()}>
          Skip <kbd>s</kbd>
        </button>
        <label>
          Why skip
          <select value={reason.value} onChange={(e) => (reason.value = e.currentTarget.value)}>
            {skips.map((why) => (
              <option key={why}>{why}</option>
            ))}
          </select>
        </label>
      </div>
    </div>
  );
}
