import { useEffect } from "preact/hooks";
import { clock, percent, since, words } from "../format";
import type { AgentLive, CampaignLive, QueueLive } from "../protocol.gen";
import { command, connect, connection, floor, live, now, problem } from "../state";

/** WallboardPage shows the floor live: figures, agents, campaigns, queues. */
export function WallboardPage() {
  useEffect(() => connect(["floor"]), []);
  const f = floor.value;
  return (
    <div class="wall">
      <header class="top">
        <strong>Ringmaster</strong>
        <span role="status">{live.value ? "Live" : words(connection.value.state)}</span>
        <span class="grow" />
        {f && <time>{new Date(f.at).toLocaleTimeString()}</time>}
      </header>
      {problem.value && (
        <p class="banner failure" role="alert">
          {problem.value}
        </p>
      )}
      {f ? (
        <main>
          <Band campaigns={f.campaigns ?? []} queues={f.queues ?? []} agents={f.agents ?? []} />
          {(f.campaigns ?? []).map((c) => (
            <Campaign key={c.id} campaign={c} />
          ))}
          <Queues queues={f.queues ?? []} />
          <Agents agents={f.agents ?? []} />
        </main>
      ) : (
        <p class="quiet">{connection.value.why || "Waiting for the first figures…"}</p>
      )}
    </div>
  );
}

function Band({ campaigns, queues, agents }: { campaigns: CampaignLive[]; queues: QueueLive[]; agents: AgentLive[] }) {
  const sum = (of: (c: CampaignLive) => number) => campaigns.reduce((n, c) => n + of(c), 0);
  const waiting = queues.reduce((n, q) => n + q.waiting, 0);
  const longest = Math.max(0, ...queues.map((q) => q.longest_seconds));
  const count = (state: string) => agents.filter((a) => a.state === state).length;
  const figures: [string, string, string][] = [
    ["Callers waiting", String(waiting), waiting > 0 ? "warn" : ""],
    ["Longest wait", clock(longest), longest > 20 ? "bad" : ""],
    ["Talking", String(count("talking")), ""],
    ["Ready", String(count("ready")), ""],
    ["Dialing + ringing", String(sum((c) => c.dialing + c.ringing)), ""],
    ["Answered without an agent", String(sum((c) => c.waiting)), ""],
  ];
  return (
    <section class="band" aria-label="Now">
      {figures.map(([label, value, tone]) => (
        <div key={label} class={`figure ${tone}`}>
          <div class="value">{value}</div>
          <div class="label">{label}</div>
        </div>
      ))}
    </section>
  );
}

function Campaign({ campaign: c }: { campaign: CampaignLive }) {
  const move = (verb: string) => void command(`campaign.${verb}`, { campaign_id: c.id });
  const tone = c.drop_rate > 0.028 ? "bad" : c.drop_rate >= 0.02 ? "warn" : "good";
  return (
    <section class="panel campaign" aria-label={`Campaign ${c.name}`}>
      <h2>
        {c.name} <span class={`state ${c.state}`}>{words(c.state)}</span> <small>{words(c.mode)}</small>
      </h2>
      <div class="row">
        <button disabled={c.state === "running" || c.state === "closed"} onClick={() => move("start")}>
          Start
        </button>
        <button disabled={c.state !== "running"} onClick={() => move("pause")}>
          Pause
        </button>
        <button disabled={c.state === "closed"} onClick={() => confirm(`Close ${c.name} for good?`) && move("close")}>
          Close
        </button>
        {c.why && <em>{c.why}</em>}
      </div>
      <div class="cells">
        <Cell label="Dialing" value={c.dialing} />
        <Cell label="Ringing" value={c.ringing} />
        <Cell label="Waiting" value={c.waiting} />
        <Cell label="Talking" value={c.talking} />
        <Cell label="Hopper" value={c.hopper} />
        <Cell label="Attempts today" value={c.attempts} />
        <Cell label="Answered" value={c.answered} />
        <Cell label="Dropped" value={`${c.dropped} (${percent(c.drop_rate)})`} tone={tone} />
      </div>
      <Counts title="Outcomes" counts={c.outcomes} />
      <Counts title="Results" counts={c.results} />
      <Counts title="Candidates" counts={c.candidates} />
    </section>
  );
}

function Cell({ label, value, tone = "" }: { label: string; value: number | string; tone?: string }) {
  return (
    <div class={`cell ${tone}`}>
      <b>{value}</b>
      <span>{label}</span>
    </div>
  );
}

function Counts({ title, counts }: { title: string; counts?: Record<string, number> | null }) {
  const entries = Object.entries(counts ?? {}).sort((a, b) => b[1] - a[1]);
  if (entries.length === 0) return null;
  return (
    <p class="counts">
      <b>{title}:</b> {entries.map(([code, n]) => `${words(code)} ${n}`).join(" · ")}
    </p>
  );
}

function Queues({ queues }: { queues: QueueLive[] }) {
  if (queues.length === 0) return null;
  return (
    <section class="panel" aria-label="Inbound queues">
      <h2>Inbound</h2>
      <table>
        <thead>
          <tr>
            <th>Queue</th>
            <th>Waiting</th>
            <th>Longest</th>
            <th>Talking</th>
            <th>Offered</th>
            <th>Answered</th>
            <th>Abandoned</th>
            <th>Service level</th>
          </tr>
        </thead>
        <tbody>
          {queues.map((q) => (
            <tr key={q.name}>
              <td>{q.name}</td>
              <td>{q.waiting}</td>
              <td>{clock(q.longest_seconds)}</td>
              <td>{q.talking}</td>
              <td>{q.offered}</td>
              <td>{q.answered}</td>
              <td>{q.abandoned}</td>
              <td>{q.offered > 0 ? `${percent(q.service_level, 0)} in ${q.service_level_seconds} s` : "–"}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Agents({ agents }: { agents: AgentLive[] }) {
  const order = ["talking", "wrap_up", "reserved", "ready", "not_ready", "offline"];
  const sorted = [...agents].sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state) || a.name.localeCompare(b.name));
  return (
    <section class="panel" aria-label="Agents">
      <h2>Agents</h2>
      <div class="tiles">
        {sorted.map((a) => (
          <div key={a.id} class={`tile ${a.state}`}>
            <b>{a.name}</b>
            <span>
              {words(a.state)}
              {a.reason ? ` (${words(a.reason)})` : ""} {clock(since(a.since, now.value))}
            </span>
            <span class="quiet">{a.customer || a.campaign || ""}</span>
            <span class="quiet">
              {a.calls} calls{a.connected ? "" : " · screen away"}
              {a.phone === "down" ? " · phone down" : ""}
            </span>
          </div>
        ))}
      </div>
    </section>
  );
}
