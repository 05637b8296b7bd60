import { clock, percent } from "../base/format";
import type { QueueLive, TrunkLive } from "../protocol.gen";

/** Queues shows who waits to be served; the longest wait comes first. */
export function Queues({ list }: { list: QueueLive[] }) {
  const sorted = [...list].sort((a, b) => b.longest_seconds - a.longest_seconds || b.waiting - a.waiting || a.name.localeCompare(b.name));
  return (
    <section class="panel" aria-label="Inbound queues">
      <h2>Inbound</h2>
      <div class="wide">
        <table class="cards">
          <thead>
            <tr>
              <th scope="col">Queue</th>
              {["Waiting", "Longest", "Talking", "Offered", "Answered", "Abandoned", "Service level"].map((h) => (
                <th scope="col" class="n" key={h}>
                  {h}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {sorted.map((q) => (
              <tr key={q.name}>
                <th scope="row">{q.name}</th>
                <td class={`n ${q.waiting > 0 ? "warn" : ""}`} data-label="Waiting">{q.waiting}</td>
                <td class={`n ${q.longest_seconds > q.service_level_seconds ? "bad" : ""}`} data-label="Longest">{clock(q.longest_seconds)}</td>
                <td class="n strong" data-label="Talking">{q.talking}</td>
                <td class="n" data-label="Offered">{q.offered}</td>
                <td class="n" data-label="Answered">{q.answered}</td>
                <td class="n" data-label="Abandoned">{q.abandoned}</td>
                <td class="n" data-label="Service level">{q.offered > 0 ? `${percent(q.service_level, 0)} in ${q.service_level_seconds} s` : "–"}</td>
              </tr>
            ))}
          </tbody>
        </table>
        {list.length === 0 && <p class="quiet">No queue takes calls.</p>}
      </div>
    </section>
  );
}

/** Trunks shows the carriers' channels and health. */
export function Trunks({ list }: { list: TrunkLive[] }) {
  const sorted = [...list].sort((a, b) => Number(a.healthy) - Number(b.healthy) || a.name.localeCompare(b.name));
  return (
    <section class="panel" aria-label="Trunks">
      <h2>Trunks</h2>
      <div class="wide">
        <table class="cards">
          <thead>
            <tr>
              <th scope="col">Trunk</th>
              <th scope="col">Health</th>
              {["In use", "Sent", "Answered", "Failed"].map((h) => (
                <th scope="col" class="n" key={h}>
                  {h}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {sorted.map((t) => (
              <tr key={t.name}>
                <th scope="row">{t.name}</th>
                <td class={t.healthy ? "good" : "bad"} data-label="Health">{t.healthy ? "Well" : "Failing"}</td>
                <td class="n" data-label="In use">
                  {t.in_use} of {t.channels}
                </td>
                <td class="n" data-label="Sent">{t.sent}</td>
                <td class="n" data-label="Answered">{t.answered}</td>
                <td class="n" data-label="Failed">{t.failed}</td>
              </tr>
            ))}
          </tbody>
        </table>
        {list.length === 0 && <p class="quiet">There is no trunk.</p>}
      </div>
    </section>
  );
}
