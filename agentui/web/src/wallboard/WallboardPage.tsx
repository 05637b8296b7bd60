import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Closed } from "../base/Closed";
import { Messages } from "../base/Messages";
import { timeOfDay } from "../base/format";
import type { Floor } from "../protocol.gen";
import { connect, connection, floor, live, now, signOut, user } from "../state";
import { Agents } from "./Agents";
import { Campaigns } from "./Campaigns";
import { figures } from "./figures";
import { Queues, Trunks } from "./Queues";

/** WallboardPage shows the floor live: figures, campaigns, queues, agents. */
export function WallboardPage() {
  useEffect(() => connect(["campaigns", "queues", "agents", "trunks"]), []);
  // Held figures stand still for whoever wants to read them in peace.
  const held = useSignal<{ floor: Floor; at: number } | null>(null);
  const c = connection.value;
  const f = held.value?.floor ?? floor.value;
  const at = held.value?.at ?? now.value;
  if (c.state === "closed") return <Closed code={c.code} reason={c.reason} />;
  return (
    <div class="wall">
      <header class="top">
        <h1 class="who">Ringmaster</h1>
        <span class={`link ${c.state}`} role="status" data-testid="link">
          <i class="dot" aria-hidden="true" />
          {held.value ? `Held at ${timeOfDay(held.value.at)}` : live.value ? "Live" : c.state === "connecting" ? "Connecting" : "Reconnecting"}
        </span>
        <span class="grow" />
        <span class="clock">{timeOfDay(now.value)}</span>
        <span class="today">{user.value?.display_name || user.value?.name}</span>
        <button
          type="button"
          aria-pressed={held.value !== null}
          disabled={!f}
          onClick={() => (held.value = held.value || !floor.value ? null : { floor: floor.value, at: now.value })}
        >
          Hold still
        </button>
        <button type="button" class="quiet" onClick={() => void signOut()}>
          Sign out
        </button>
      </header>
      {f ? (
        <main>
          <section class="band" aria-label="Now">
            {figures(f).map((x) => (
              <div key={x.key} class={`figure ${x.tone}`} data-testid={`figure-${x.key}`}>
                <div class="label">{x.label}</div>
                <div class="value">
                  {x.value}
                  {x.unit && <small> {x.unit}</small>}
                </div>
                <div class="note">{x.note}</div>
              </div>
            ))}
          </section>
          <Campaigns list={f.campaigns ?? []} />
          <div class="pair">
            <Queues list={f.queues ?? []} />
            <Trunks list={f.trunks ?? []} />
          </div>
          <Agents list={f.agents ?? []} at={at} />
        </main>
      ) : (
        <main class="alone">
          <h2>{c.state === "reconnecting" ? "The server does not answer" : "Waiting for the first figures…"}</h2>
        </main>
      )}
      <Messages />
    </div>
  );
}
