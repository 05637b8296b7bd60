import { percent, words } from "../base/format";
import type { CampaignLive } from "../protocol.gen";
import { dropsInWords, type Drops, pacingWords } from "./why";

/** Pacing shows at a glance why a campaign is dialed as it is. */
export function Pacing({ c }: { c: CampaignLive }) {
  const p = pacingWords(c);
  if (!p) return null;
  return (
    <ul class="plain pacing" aria-label={`Pacing of ${c.name}`} data-testid="pacing">
      {p.agents.length > 0 && (
        <li>
          <Counts list={p.agents} between=" · " />
        </li>
      )}
      {p.lines.length > 0 && (
        <li>
          <Counts list={p.lines} between=" → " />
        </li>
      )}
      {p.drops && <DropBar d={p.drops} />}
      {p.bound && (
        <li class={`badge ${p.fallback ? "warn" : ""}`} data-testid={p.fallback ? "fallback" : "bound"}>
          {p.fallback ? `One call per agent: ${p.bound}` : words(p.bound)}
        </li>
      )}
    </ul>
  );
}

function Counts({ list, between }: { list: [string, string][]; between: string }) {
  return (
    <>
      {list.map(([n, what], i) => (
        <span key={what}>
          {i > 0 && between}
          <b>{n}</b> {what}
        </span>
      ))}
    </>
  );
}

function DropBar({ d }: { d: Drops }) {
  return (
    <li title={dropsInWords(d)}>
      Drops{" "}
      <meter class={d.tone} min={0} max={d.limit} value={Math.min(d.rate, d.limit)} aria-label={dropsInWords(d)} />{" "}
      <b class={d.tone}>{percent(d.rate)}</b> of {percent(d.limit)} · <b>{d.allowed}</b> more allowed
    </li>
  );
}
