import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { words } from "../base/format";
import type { CampaignLive, PacingMode } from "../protocol.gen";
import { basis, type Comparison, compare, simulated, table, troubleOf } from "./forecast";

/** ForecastDialog shows what a change would do; it changes nothing. */
export function ForecastDialog({ c, onDone }: { c: CampaignLive; onDone: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const underWay = useRef<AbortController | null>(null);
  const mode = useSignal<PacingMode>(simulated.includes(c.mode) ? c.mode : "progressive");
  const busy = useSignal(false);
  const failure = useSignal("");
  const found = useSignal<Comparison | null>(null);
  useEffect(() => {
    dialog.current?.showModal();
    return () => underWay.current?.abort();
  }, []);

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const number = (name: string) => (form.get(name) ? Number(form.get(name)) : undefined);
    const percentage = number("limit");
    const control = new AbortController();
    underWay.current = control;
    busy.value = true;
    failure.value = "";
    const answer = await compare(
      c,
      { mode: mode.value, ratio: number("ratio"), limit: percentage === undefined ? undefined : percentage / 100, agents: number("agents") },
      control.signal,
    );
    if (control.signal.aborted) return;
    busy.value = false;
    if (answer.ok) found.value = answer.d;
    else {
      found.value = null;
      failure.value = troubleOf(answer.problem);
    }
  }

  return (
    <dialog ref={dialog} onClose={onDone} class="forecast" aria-labelledby="forecast-title">
      <h2 id="forecast-title">Forecast for {c.name}</h2>
      <p class="quiet">
        What would change? The last day with enough calls is simulated anew; nothing is set.
        {!simulated.includes(c.mode) && ` Mode ${c.mode} is not simulated: one call per ready agent stands for it.`}
      </p>
      <form onSubmit={(e) => void submit(e)}>
        <div class="line">
          <label>
            Mode
            <select value={mode.value} onChange={(e) => (mode.value = e.currentTarget.value as PacingMode)}>
              {simulated.map((m) => (
                <option key={m} value={m}>
                  {words(m)}
                </option>
              ))}
            </select>
          </label>
          {mode.value === "ratio" && (
            <label>
              Lines per agent
              <input name="ratio" type="number" min="1" max="10" step="0.1" required={c.mode !== "ratio"} placeholder={c.mode === "ratio" ? "as it is" : "2"} />
            </label>
          )}
          <label>
            Drop limit (%)
            <input name="limit" type="number" min="0.1" max="10" step="0.1" placeholder="as it is" />
          </label>
          <label>
            Agents at most
            <input name="agents" type="number" min="1" max="2000" placeholder="as it was" />
          </label>
        </div>
        <p role="alert" class="failure" data-testid="forecast-problem">
          {failure.value}
        </p>
        {found.value && <Days c={found.value} />}
        <div class="buttons">
          <button type="button" onClick={() => dialog.current?.close()}>
            Done
          </button>
          <button class="primary" disabled={busy.value}>
            {busy.value ? "Simulating…" : "Simulate"}
          </button>
        </div>
      </form>
    </dialog>
  );
}

function Days({ c }: { c: Comparison }) {
  const tone = (bad: boolean) => (bad ? "n bad" : "n");
  return (
    <table data-testid="forecast">
      <caption class="quiet">{basis(c)}</caption>
      <thead>
        <tr>
          <th scope="col">A day</th>
          <th scope="col" class="n">
            As it is set
          </th>
          {c.changed && (
            <th scope="col" class="n">
              Changed
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {table(c).map((r) => (
          <tr key={r.name}>
            <th scope="row">{r.name}</th>
            <td class={tone(r.bad[0])}>{r.now}</td>
            {c.changed && <td class={tone(r.bad[1])}>{r.changed}</td>}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
