import { words } from "../base/format";
import { Timer } from "../base/Timer";
import type { AgentLive, AgentState } from "../protocol.gen";
import { reasonWords } from "../agent/words";
import { byNeed, needs } from "./figures";

const shown: AgentState[] = ["talking", "wrap_up", "reserved", "ready", "not_ready"];

/** Agents shows a tile for each agent, those who need somebody first. */
export function Agents({ list, at }: { list: AgentLive[]; at: number }) {
  return (
    <section class="panel" aria-label="Agents">
      <h2>
        Agents{" "}
        <small class="quiet">
          {shown.map((s) => `${list.filter((a) => a.state === s).length} ${words(s).toLowerCase()}`).join(" · ")}
        </small>
      </h2>
      {list.length === 0 && <p class="quiet">Nobody is signed in.</p>}
      <ul class="plain tiles">
        {byNeed(list, at).map((a) => (
          <Tile key={a.id} a={a} at={at} />
        ))}
      </ul>
    </section>
  );
}

function Tile({ a, at }: { a: AgentLive; at: number }) {
  const need = needs(a, at);
  return (
    <li class={`tile ${a.state} ${need ? "needs" : ""}`} data-testid="agent" data-state={a.state}>
      <span class="line">
        <b>{a.name}</b>
        <Timer from={a.since} at={at} />
      </span>
      <span class="line">
        <span>{words(a.state) + (a.reason ? ` (${reasonWords(a.reason).toLowerCase()})` : "")}</span>
        <span class="quiet">{a.calls}</span>
      </span>
      <span class="detail">{need ? <em>{need}</em> : a.customer || a.campaign || "\u00a0"}</span>
    </li>
  );
}
