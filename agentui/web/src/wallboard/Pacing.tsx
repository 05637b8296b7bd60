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
      <span
        class={`bar ${d.tone}`}
        role="meter"
        aria-label={dropsInWords(d)}
        aria-valuemin={0}
        aria-valuemax={percentage(d.limit)}
        aria-valuenow={percentage(Math.min(d.rate, d.limit))}
      >
        <i style={{ width: `${Math.min(100, (100 * d.rate) / d.limit).toFixed(0)}%` }} />
      </span>{" "}
      <b class={d.tone}>{percent(d.rate)}</b> of {percent(d.limit)} · <b>{d.allowed}</b> more allowed
    </li>
  );
}

/** percentage is a fraction in percent, in steps of a tenth. */
function percentage(fraction: number): number {
  return Number((100 * fraction).toFixed(1));
}
