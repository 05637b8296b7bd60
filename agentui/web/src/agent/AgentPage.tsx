import { useEffect } from "preact/hooks";
import { words } from "../base/format";
import { Closed } from "../base/Closed";
import { Messages } from "../base/Messages";
import { connection, signOut, snapshot, socket, user } from "../state";
import { CallPanel } from "./CallPanel";
import { Customer } from "./Customer";
import { openDesk, workOf } from "./desk";
import { DialPanel } from "./DialPanel";
import { Guide } from "./Guide";
import { PreviewPanel } from "./PreviewPanel";
import { shownCall } from "./preview";
import { ResultForm } from "./ResultForm";
import { Script } from "./Script";
import { TopBar } from "./TopBar";
import { Unfinished } from "./Unfinished";

/** AgentPage is an agent's desk; nothing on it moves between states. */
export function AgentPage() {
  useEffect(openDesk, []);
  const s = snapshot.value;
  const c = connection.value;
  useEffect(() => {
    document.title = s ? `${words(s.state)} · Ringmaster` : "Ringmaster";
  }, [s?.state]);

  if (c.state === "closed") {
    return (
      <Closed code={c.code} reason={c.reason}>
        <p>Your notes are safe.</p>
      </Closed>
    );
  }
  if (!s) {
    const wrongRole = user.value !== null && user.value.role !== "agent";
    return (
      <main class="alone">
        <div role="status">
          <h1>{wrongRole ? "This page is for agents" : c.state === "reconnecting" ? "The server does not answer" : "Connecting…"}</h1>
        </div>
        {wrongRole ? <a href="/wallboard">Go to the wallboard</a> : c.state === "reconnecting" && <p>Trying again by itself. What you typed is kept.</p>}
      </main>
    );
  }
  if (s.state === "offline") {
    return (
      <main class="alone" data-testid="offline">
        <h1>Your shift has ended</h1>
        <button type="button" class="primary" onClick={() => socket.start()}>
          Start again
        </button>
        <button type="button" onClick={() => void signOut()}>
          Sign out
        </button>
      </main>
    );
  }
  const work = workOf(s.call);
  const shown = shownCall(s);
  return (
    <div class="desk">
      <header>
        <h1 class="sr-only">Agent's desk</h1>
        <TopBar s={s} />
        <Guide s={s} />
      </header>
      <main class="columns">
        <Customer call={shown} />
        <Script call={shown} />
        <section class="panel work" aria-label="Call and result">
          <CallPanel s={s} />
          {s.call && work ? (
            <ResultForm key={work.call_id} work={work} call={s.call} />
          ) : (
            <div class="scroll">
              {s.preview && <PreviewPanel key={s.preview.candidate_id} p={s.preview} />}
              <Unfinished />
              <DialPanel s={s} />
            </div>
          )}
        </section>
      </main>
      <Messages />
    </div>
  );
}
