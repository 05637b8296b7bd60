import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { percent, words } from "../base/format";
import type { CampaignLive } from "../protocol.gen";
import { command, live, say } from "../state";
import { byState, counts, dropTone, limitOf } from "./figures";
import { ForecastDialog } from "./ForecastDialog";
import { Pacing } from "./Pacing";
import { said } from "./why";

/** Campaigns shows what each one does, and why not, with its switch. */
export function Campaigns({ list }: { list: CampaignLive[] }) {
  const closing = useSignal<CampaignLive | null>(null);
  const asking = useSignal<CampaignLive | null>(null);
  return (
    <section class="panel" aria-label="Campaigns">
      <h2>Campaigns</h2>
      <div class="wide">
        <table class="campaigns cards">
          <thead>
            <tr>
              <th scope="col">Campaign</th>
              {["Dialing", "Ringing", "Waiting", "Talking", "Hopper", "Attempts", "Answered", "Dropped"].map((h) => (
                <th scope="col" class="n" key={h}>
                  {h}
                </th>
              ))}
              <th scope="col">Switch</th>
            </tr>
          </thead>
          {byState(list).map((c) => (
            <Campaign key={c.id} c={c} onClose={() => (closing.value = c)} onForecast={() => (asking.value = c)} />
          ))}
        </table>
        {list.length === 0 && <p class="quiet">There is no campaign.</p>}
      </div>
      {closing.value && <CloseDialog c={closing.value} onDone={() => (closing.value = null)} />}
      {asking.value && <ForecastDialog c={asking.value} onDone={() => (asking.value = null)} />}
    </section>
  );
}

function Campaign({ c, onClose, onForecast }: { c: CampaignLive; onClose: () => void; onForecast: () => void }) {
  const move = (t: "campaign.start" | "campaign.pause") => void command(t, { campaign_id: c.id });
  const rows: [string, [string, number][]][] = [
    ["Outcomes", counts(c.outcomes)],
    ["Results", counts(c.results)],
    ["Candidates", counts(c.candidates)],
  ];
  return (
    <tbody class={c.state} data-testid="campaign" data-state={c.state}>
      <tr>
        <th scope="row">
          {c.name} <span class={`state ${c.state}`}>{words(c.state)}</span> <small class="quiet">{words(c.mode)}</small>
        </th>
        <td class="n" data-label="Dialing">{c.dialing}</td>
        <td class="n" data-label="Ringing">{c.ringing}</td>
        <td class={`n ${c.waiting > 0 ? "warn" : ""}`} data-label="Waiting">{c.waiting}</td>
        <td class="n strong" data-label="Talking">{c.talking}</td>
        <td class="n" data-label="Hopper">{c.hopper}</td>
        <td class="n" data-label="Attempts" data-testid="attempts">
          {c.attempts}
        </td>
        <td class="n" data-label="Answered">{c.answered}</td>
        <td class={`n ${c.dropped > 0 ? dropTone(c.drop_rate, limitOf(c)) : ""}`} data-label="Dropped">
          {c.dropped} <small>({percent(c.drop_rate)})</small>
        </td>
        <td class="switch">
          <span class="buttons">
            <button type="button" disabled={!live.value || c.state === "running" || c.state === "closed"} onClick={() => move("campaign.start")}>
              {c.state === "paused" ? "Resume" : "Start"}
            </button>
            <button type="button" disabled={!live.value || c.state !== "running"} onClick={() => move("campaign.pause")}>
              Pause
            </button>
            <button type="button" disabled={c.state === "closed"} onClick={onForecast}>
              Forecast…
            </button>
            <button type="button" class="quiet" disabled={!live.value || c.state === "closed"} onClick={onClose}>
              Close…
            </button>
          </span>
        </td>
      </tr>
      <tr class="more">
        <td colSpan={10}>
          <Pacing c={c} />
          {said(c) && <span class="why">{words(said(c))}</span>}
          {rows
            .filter(([, tally]) => tally.length > 0)
            .map(([title, tally]) => (
              <span key={title} class="tally">
                <b>{title}</b> {tally.map(([code, n]) => `${words(code)} ${n}`).join(" · ")}
              </span>
            ))}
        </td>
      </tr>
    </tbody>
  );
}

/** CloseDialog asks once more: a closed campaign stays closed. */
function CloseDialog({ c, onDone }: { c: CampaignLive; onDone: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  async function close(): Promise<void> {
    onDone();
    if (await command("campaign.close", { campaign_id: c.id })) say("info", `${c.name} is closed.`);
  }
  return (
    <dialog ref={dialog} onClose={onDone} aria-labelledby="close-title">
      <h2 id="close-title">Close {c.name} for ever?</h2>
      <p>Nobody of it is called again, and it cannot be started any more. To stop for a while, pause it.</p>
      <div class="buttons">
        <button type="button" onClick={() => dialog.current?.close()}>
          Leave it
        </button>
        <button type="button" class="danger" onClick={() => void close()}>
          Close for ever
        </button>
      </div>
    </dialog>
  );
}
