import { useSignal } from "@preact/signals";
import { words } from "../base/format";
import { Timer } from "../base/Timer";
import type { AgentSnapshot } from "../protocol.gen";
import { command, live } from "../state";
import { inCall, pauses, reasonWords } from "./words";

/** TopBar shows the agent's state, how long it lasts, and what follows it. */
export function TopBar({ s }: { s: AgentSnapshot }) {
  const reason = useSignal("break");
  const busy = inCall(s);
  // A wish for after the call harms nobody when the state has moved on; a wish
  // for now is guarded by the revision that the agent saw.
  const set = (state: "ready" | "not_ready", why: string) =>
    void command("state.set", { state, ...(why ? { reason: why } : {}), ...(busy ? { after_call: true } : {}) }, busy ? {} : { rev: s.rev });
  return (
    <div class="top">
      <strong class="who">{s.name}</strong>
      <span class={`state ${s.state}`} role="status" data-testid="state" data-state={s.state}>
        {words(s.state)}
        {s.reason && <small>{reasonWords(s.reason)}</small>}
      </span>
      <Timer from={s.since} />
      <span class="next" aria-live="polite">
        {busy && (
          <>
            then <b>{words(s.next).toLowerCase()}</b>
            {s.next_reason && ` (${reasonWords(s.next_reason).toLowerCase()})`}
          </>
        )}
      </span>
      <span class="grow" />
      <span class="actions">
        <button
          type="button"
          class="primary"
          data-testid="ready"
          disabled={!live.value || (busy ? s.next === "ready" : s.state === "ready")}
          onClick={() => set("ready", "")}
        >
          {busy ? "Ready after" : "Ready"}
        </button>
        <select aria-label="Reason for a pause" value={reason.value} onChange={(e) => (reason.value = e.currentTarget.value)}>
          {pauses.map((p) => (
            <option key={p} value={p}>
              {words(p)}
            </option>
          ))}
        </select>
        <button type="button" data-testid="pause" disabled={!live.value} onClick={() => set("not_ready", reason.value)}>
          {busy ? "Pause after" : "Pause"}
        </button>
        <button
          type="button"
          class="quiet"
          disabled={!live.value || busy}
          onClick={() => void command("state.set", { state: "offline" }, { rev: s.rev })}
        >
          End shift
        </button>
      </span>
    </div>
  );
}
