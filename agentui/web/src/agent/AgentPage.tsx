import { useEffect } from "preact/hooks";
import { connect, connection, notice, problem, snapshot } from "../state";
import { Customer } from "./Customer";
import { ResultPanel } from "./ResultPanel";
import { Script } from "./Script";
import { TopBar } from "./TopBar";

/** AgentPage is an agent's desk; nothing on it moves between states. */
export function AgentPage() {
  useEffect(() => connect([]), []);
  const s = snapshot.value;
  const { state, why } = connection.value;
  if (state === "closed") {
    return (
      <main class="closed">
        <h1>{why}</h1>
        <p>Your notes are safe.</p>
        <button class="primary" onClick={() => location.reload()}>
          Use this tab
        </button>
      </main>
    );
  }
  return (
    <div class="desk">
      <TopBar />
      {state !== "open" && (
        <p class="banner" role="alert">
          Reconnecting… The call continues. Your notes are safe.
        </p>
      )}
      {problem.value && (
        <p class="banner failure" role="alert">
          {problem.value}
        </p>
      )}
      {notice.value && (
        <p class="banner" role="status">
          {notice.value}
        </p>
      )}
      {s && (
        <main class="columns">
          <Customer call={s.call} />
          <Script call={s.call} />
          <ResultPanel key={s.call?.call_id ?? "none"} snapshot={s} />
        </main>
      )}
    </div>
  );
}
