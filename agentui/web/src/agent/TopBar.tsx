import { clock, since, words } from "../format";
import { command, connection, live, now, snapshot } from "../state";

const pauses = ["break", "lunch", "training", "meeting", "personal"];

/** TopBar shows the agent's state, how long it lasts, and what follows it. */
export function TopBar() {
  const s = snapshot.value;
  if (!s) {
    return (
      <header class="top">
        <strong>Ringmaster</strong> <span>{words(connection.value.state)}…</span>
      </header>
    );
  }
  const busy = s.state === "talking" || s.state === "wrap_up" || s.state === "reserved";
  const set = (state: string, reason: string) => void command("state.set", { state, reason, after_call: busy }, { rev: s.rev });
  return (
    <header class="top">
      <strong>{s.name}</strong>
      <span class={`state ${s.state}`} role="status" data-testid="state">
        {words(s.state)}
        {s.reason ? ` (${words(s.reason)})` : ""}
      </span>
      <span class="clock" aria-hidden="true">
        {clock(since(s.since, now.value))}
      </span>
      <span class={`phone ${s.phone}`}>Phone {words(s.phone).toLowerCase()}</span>
      {busy && (
        <span class="next">
          Then {words(s.next).toLowerCase()}
          {s.next_reason ? ` (${words(s.next_reason).toLowerCase()})` : ""}
        </span>
      )}
      <span class="grow" />
      <span>
        {s.today.calls} calls, {s.today.results} results
      </span>
      <button class="primary" disabled={!live.value || s.state === "ready"} onClick={() => set("ready", "")}>
        {busy ? "Ready after this" : "Ready"}
      </button>
      <select
        aria-label="Pause"
        disabled={!live.value}
        value=""
        onChange={(e) => {
          set("not_ready", e.currentTarget.value);
          e.currentTarget.value = "";
        }}
      >
        <option value="">{busy ? "Pause after this…" : "Pause…"}</option>
        {pauses.map((p) => (
          <option key={p} value={p}>
            {words(p)}
          </option>
        ))}
      </select>
      <button
        disabled={!live.value || busy}
        onClick={() => void command("state.set", { state: "offline" }, { rev: s.rev })}
      >
        End shift
      </button>
    </header>
  );
}
